// Command record plays the demo's estates through the real collectors and keeps the answers. It is run by hand when an
// estate changes or the collectors ask something new; see the README beside the demo. It is no part of the product.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-posture/plumbline/cmd/plumbline/demo"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func main() {
	clouds := flag.String("cloud", "aws,azure,gcp", "the clouds to record, by commas; the answers of others are kept")
	dir := flag.String("dir", filepath.Join("cmd", "plumbline", "demo"), "the folder of the demo")
	flag.Parse()
	if err := run(context.Background(), *dir, strings.Split(*clouds, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// players make the estate of each cloud from the folder that describes it.
var players = map[inventory.Cloud]func(ctx context.Context, dir string) (player, error){
	inventory.AWS: startScript, inventory.Azure: openSubscription, inventory.GCP: openProject,
}

// run records the clouds that are named into the archive of the demo.
func run(ctx context.Context, dir string, names []string) error {
	name := filepath.Join(dir, "answers.zst")
	before, err := read(name)
	if err != nil {
		return err
	}
	for _, word := range names {
		if players[inventory.Cloud(word)] == nil {
			return fmt.Errorf("no cloud is called %q", word)
		}
	}
	keep := keeping(before, func(s demo.Scope) bool { return !slices.Contains(names, string(s.ID.Cloud())) })
	for _, word := range names {
		if err := keep.play(ctx, inventory.Cloud(word), filepath.Join(dir, "estate")); err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
	}
	return write(keep.archive, name)
}

// read reads the archive there is; none is an empty one.
func read(name string) (_ *demo.Archive, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &demo.Archive{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return demo.Read(f)
}

// write replaces the archive whole or not at all.
func write(archive *demo.Archive, name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".answers.*")
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	err = errors.Join(archive.Write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the archive: %w", err), os.Remove(f.Name()))
	}
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%s: %d questions, %d answers, %d KiB\n",
		name, len(archive.Questions), len(archive.Answers), info.Size()>>10)
	return nil
}
