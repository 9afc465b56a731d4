package process

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
)

// Command is a second thing a binary can do, chosen by its first argument: `enricher parked list` runs the command
// "parked" with [Process.Args] "list". One without a summary is not listed by -h.
//
// A command prints its answer to [Process.Out], logs to standard error, and opens no admin address, since it may run
// beside its stage in one container.
type Command struct {
	Name    string
	Summary string
	Run     func(ctx context.Context, p *Process) error
}

// Main runs a binary and exits: 0 when run returns nil, or context.Canceled after SIGINT or SIGTERM; 1 on any other
// error, which is logged here and nowhere else; 2 when the arguments make no sense. The signals cancel ctx; a second
// one exits at once. Run may be nil where every use has a command. No other function of the house calls os.Exit.
//
// Flags before the command: -check loads the configuration, prints it without its secrets and exits 0, or 1 with every
// mistake; -version; -h.
func Main(name string, run func(ctx context.Context, p *Process) error, commands ...Command) {
	os.Exit(start(name, run, commands))
}

// start is Main with an exit code, so that deferred calls run before the exit.
func start(name string, run func(context.Context, *Process) error, commands []Command) int {
	p := New(name, os.Environ(), os.Stdout)
	args := os.Args[1:]
	for ; len(args) > 0 && strings.HasPrefix(args[0], "-"); args = args[1:] {
		switch strings.TrimLeft(args[0], "-") {
		case "check":
			p.check = true
		case "version":
			fmt.Fprintln(p.Out, version(name))
			return 0
		case "h", "help":
			usage(p.Out, name, run != nil, commands)
			return 0
		default:
			return misused(name, fmt.Sprintf("unknown flag %s", args[0]))
		}
	}
	switch {
	case len(args) == 0 && run == nil:
		usage(os.Stderr, name, false, commands)
		return 2
	case len(args) > 0 && args[0] == "help":
		usage(p.Out, name, run != nil, commands)
		return 0
	case len(args) > 0:
		c := find(commands, args[0])
		if c == nil {
			return misused(name, fmt.Sprintf("unknown command %q", args[0]))
		}
		run, p.command, p.Args = c.Run, true, args[1:]
		p.logTo(os.Stderr, slog.LevelInfo, "auto")
	}
	return p.execute(run)
}

// execute runs under the signals and turns the outcome into an exit code.
func (p *Process) execute(run func(context.Context, *Process) error) int {
	ctx, end := p.signals()
	defer end()
	defer p.Close()
	err := run(ctx, p)
	var mistakes *Mistakes
	switch {
	case err == nil, errors.Is(err, ErrChecked), errors.Is(err, flag.ErrHelp):
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
	case errors.As(err, &mistakes) && (p.check || p.command):
		fmt.Fprintf(os.Stderr, "%s: the configuration has mistakes:\n%s\n", p.Name, mistakes)
		return 1
	case errors.As(err, &mistakes):
		for _, line := range mistakes.Lines {
			p.Log.Error("configuration refused", "err", line)
		}
		return 1
	case p.command:
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
		return 1
	default:
		p.Log.Error("stopped", "err", err)
		return 1
	}
	if !p.command && !p.check {
		p.Log.Info("stopped")
	}
	return 0
}

func find(commands []Command, name string) *Command {
	for i := range commands {
		if commands[i].Name == name {
			return &commands[i]
		}
	}
	return nil
}

func misused(name, what string) int {
	fmt.Fprintf(os.Stderr, "%s: %s; %s -h lists what there is\n", name, what, name)
	return 2
}

func usage(w io.Writer, name string, runs bool, commands []Command) {
	line := func(words, what string) { fmt.Fprintf(w, "  %-28s %s\n", strings.TrimSpace(name+" "+words), what) }
	fmt.Fprintf(w, "%s takes its settings from environment variables; docs/configuration.md lists them.\n\n", name)
	if runs {
		line("", "run until SIGINT or SIGTERM")
	}
	for _, c := range commands {
		if c.Summary != "" {
			line(c.Name, c.Summary)
		}
	}
	if runs {
		line("-check", "check the settings, print them without secrets, exit 0 or 1")
	}
	line("-version", "print the version")
}

// version tells what was built: module version, Go version and commit, as far as the build knows them.
func version(name string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name + " (unknown build)"
	}
	text := fmt.Sprintf("%s %s %s", name, info.Main.Version, info.GoVersion)
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text += " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			text += " (modified)"
		}
	}
	return text
}
