// Command plumbline is the whole service in one binary: the API and pages, the workers, and the scanner. Each file
// holds one subcommand; this one holds what they share.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker of a release.
var version = "dev"

// The exit codes of the contract.
const (
	exitDone       = 0
	exitFailing    = 1
	exitUsage      = 2
	exitFault      = 3
	exitIncomplete = 4
)

// exit is an error that says how the program ends.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }

// Unwrap gives the error itself.
func (e *exit) Unwrap() error { return e.err }

// usage marks an error as one of use or settings.
func usage(err error) error { return &exit{exitUsage, err} }

// cli is every command with its settings. A setting is read from its flag, then from its PLUMBLINE_ variable, then from
// the YAML file, then from its default.
type cli struct {
	Config    kong.ConfigFlag `help:"YAML file with settings." placeholder:"FILE" env:"PLUMBLINE_CONFIG"`
	LogFormat string          `help:"How log lines look: text or json." enum:"text,json" default:"text" env:"PLUMBLINE_LOG_FORMAT"`
	LogLevel  string          `help:"Least level that is logged: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"PLUMBLINE_LOG_LEVEL"`

	Serve       serveCmd       `cmd:"" help:"Answer API and pages, collect on schedule; the whole service in one process."`
	Demo        demoCmd        `cmd:"" help:"Serve an invented company, collected from recorded answers over twelve weeks."`
	Work        workCmd        `cmd:"" help:"Work jobs only; run as many as you like against one database."`
	Scan        scanCmd        `cmd:"" help:"Collect, judge and print, in one go and without a database."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the schema up or down, or tell where it stands."`
	Permissions permissionsCmd `cmd:"" help:"Print the least rights the collectors need, made from the collectors."`
	Checks      checksCmd      `cmd:"" help:"List, show and try the checks."`
	Admin       adminCmd       `cmd:"" help:"First access and rescue."`
	Version     versionCmd     `cmd:"" help:"Print version, commit and catalogue."`
	Completion  completionCmd  `cmd:"" help:"Print the completion script of a shell."`
}

// streams are what a command writes to: results to out, everything else to err.
type streams struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := realMain(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// realMain runs one command and returns the exit code.
func realMain(ctx context.Context, args []string, s streams) (code int) {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("plumbline"),
		kong.Description("Continuous ISO 27001 posture of AWS, Azure and Google Cloud."),
		kong.Writers(s.out, s.err), kong.Exit(func(code int) { exited = code; panic(errExited) }),
		kong.UsageOnError(), kong.Configuration(yamlSettings),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": version, "clouds": strings.Join(cloudNames(), ","),
			"formats": strings.Join(rightsFormats(), ",")},
	)
	if err != nil {
		fmt.Fprintln(s.err, "plumbline:", err)
		return exitFault
	}
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, errExited) {
				panic(p)
			}
			code = exited
		}
	}()
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(s.err, "plumbline:", err)
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(s, newLogger(c, s.err), parser)
	return tell(parsed.Run(), s)
}

// errExited carries kong's own end, after --help, out of the parser.
var errExited = errors.New("exited")

// tell prints an error as one sentence and gives its exit code.
func tell(err error, s streams) int {
	var e *exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		if e.err != nil {
			fmt.Fprintln(s.err, "plumbline:", e.err)
		}
		return e.code
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(s.err, "plumbline: interrupted")
		return exitFault
	default:
		fmt.Fprintln(s.err, "plumbline:", err)
		return exitFault
	}
}

func newLogger(c cli, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// revision is the commit the binary was built from, as far as the build knows it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
