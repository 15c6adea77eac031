package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// yamlSettings reads the settings file. Keys are the names of flags, with those of a command under its name: "listen"
// under "serve", or "log-level" at the top. A variable of the environment outranks the file.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF { //nolint:errorlint // the decoder returns it bare
		return nil, fmt.Errorf("settings file: %w", err)
	}
	return &settingsFile{values: values}, nil
}

type settingsFile struct{ values map[string]any }

// Validate implements kong.Resolver: a key that no flag has is a mistake, not a setting for later.
func (f *settingsFile) Validate(app *kong.Application) error {
	return validateSettings(app.Node, f.values, "")
}

func validateSettings(node *kong.Node, values map[string]any, at string) error {
	for key, value := range values {
		path := strings.TrimPrefix(at+"."+key, ".")
		if child := childOf(node, key); child != nil {
			nested, ok := value.(map[string]any)
			if !ok {
				return fmt.Errorf("settings file: %s: want settings of the command %q under it", path, key)
			}
			if err := validateSettings(child, nested, path); err != nil {
				return err
			}
			continue
		}
		if !hasFlag(node, key) {
			return fmt.Errorf("settings file: there is no setting %q", path)
		}
	}
	return nil
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func hasFlag(node *kong.Node, name string) bool {
	for _, flag := range node.Flags {
		if flag.Name == name {
			return true
		}
	}
	return false
}

// Resolve implements kong.Resolver.
func (f *settingsFile) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	values := f.values
	if node := parent.Node(); node != nil {
		for _, name := range commandPath(node) {
			nested, ok := values[name].(map[string]any)
			if !ok {
				return nil, nil
			}
			values = nested
		}
	}
	value, there := values[flag.Name]
	if !there {
		return nil, nil
	}
	if list, ok := value.([]any); ok {
		words := make([]string, len(list))
		for i, v := range list {
			words[i] = fmt.Sprint(v)
		}
		return strings.Join(words, ","), nil
	}
	return value, nil
}

func commandPath(node *kong.Node) []string {
	var path []string
	for ; node != nil && node.Type == kong.CommandNode; node = node.Parent {
		path = append([]string{node.Name}, path...)
	}
	return path
}
