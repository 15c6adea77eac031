package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" help:"Shell: bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help is printed under the flags.
func (completionCmd) Help() string {
	return "Example:\n  source <(plumbline completion bash)"
}

// Run implements the command.
func (c *completionCmd) Run(s streams, parser *kong.Kong) error {
	commands := map[string][]string{}
	collectWords(parser.Model.Node, "", commands)
	var paths []string
	for path := range commands {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	switch c.Shell {
	case "fish":
		return fishCompletion(s.out, paths, commands)
	case "zsh":
		if _, err := fmt.Fprintln(s.out, "#compdef plumbline\nautoload -U +X bashcompinit && bashcompinit"); err != nil {
			return err
		}
	}
	return bashCompletion(s.out, paths, commands)
}

// collectWords gathers, for each command path, its subcommands and flags.
func collectWords(node *kong.Node, path string, into map[string][]string) {
	var words []string
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		words = append(words, child.Name)
		collectWords(child, strings.TrimSpace(path+" "+child.Name), into)
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			words = append(words, "--"+flag.Name)
		}
	}
	sort.Strings(words)
	into[path] = words
}

func bashCompletion(w io.Writer, paths []string, commands map[string][]string) error {
	var b strings.Builder
	b.WriteString("_plumbline() {\n  local path=\"\" word\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$word\" in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n  done\n  local words=\"\"\n  case \"$path\" in\n")
	for _, path := range paths {
		fmt.Fprintf(&b, "    %q) words=%q ;;\n", path, strings.Join(commands[path], " "))
	}
	b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _plumbline plumbline\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func fishCompletion(w io.Writer, paths []string, commands map[string][]string) error {
	for _, path := range paths {
		condition := "__fish_use_subcommand"
		if path != "" {
			parts := strings.Fields(path)
			condition = "__fish_seen_subcommand_from " + parts[len(parts)-1]
		}
		for _, word := range commands[path] {
			flag, isFlag := strings.CutPrefix(word, "--")
			line := fmt.Sprintf("complete -c plumbline -n %q -f -a %q\n", condition, word)
			if isFlag {
				line = fmt.Sprintf("complete -c plumbline -n %q -l %q\n", condition, flag)
			}
			if _, err := io.WriteString(w, line); err != nil {
				return err
			}
		}
	}
	return nil
}
