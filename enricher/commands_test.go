package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

// spoken is what a command printed, which may be read while it runs.
type spoken struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// command runs one as main does, and gives what it printed.
func (d *desk) command(ctx context.Context, run func(context.Context, *process.Process) error, args ...string) (string, error) {
	d.t.Helper()
	out := &spoken{}
	err := d.commandTo(ctx, out, run, args...)
	return out.String(), err
}

func (d *desk) commandTo(ctx context.Context, out *spoken, run func(context.Context, *process.Process) error, args ...string) error {
	env := []string{"NATS_URL=" + d.nats, "CLICKHOUSE_DSN=" + d.e.cfg.Store.DSN, "ADMIN_ADDR="}
	if d.rules != "" {
		env = append(env, "RULES_FILE="+d.rules)
	}
	p := process.New(stage, env, out)
	defer p.Close()
	p.Args = args
	return run(ctx, p)
}

// must run a command that works.
func (d *desk) must(run func(context.Context, *process.Process) error, args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 5*time.Minute)
	defer cancel()
	out, err := d.command(ctx, run, args...)
	if err != nil {
		d.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func TestCommandsSayWhatTheyWant(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"regenerate":                                       "--last N",
		"regenerate --from yesterday":                      "--from is \"yesterday\", want a day",
		"regenerate --from 2026-11-02 --to 2026-11-01":     "want it after --from",
		"regenerate --last 10 --org 7,x":                   "--org is \"7,x\"",
		"regenerate --last 10 --zone pbx":                  "--zone is \"pbx\"",
		"regenerate --last 10 --zone pbx=Mars/Olympus":     "--zone is \"pbx=Mars/Olympus\"",
		"regenerate --last 10 more":                        "nothing behind them",
		"delete":                                           "--newer-than AGE or --since DAY",
		"delete --newer-than 30d --since 2026-01-01":       "--newer-than AGE or --since DAY",
		"delete --newer-than month":                        "--newer-than is \"month\", want for example 30d",
		"delete --newer-than -3h":                          "--newer-than is \"-3h\"",
		"generate -c 0":                                    "-c N",
		"generate -d 0":                                    "-d N",
		"generate 20000":                                   "nothing behind them",
		"regenerate --from 2026-11-01T00:00:00+99:00":      "--from is",
		"regenerate --last 10 --org 4294967296":            "--org is",
		"delete --newer-than 999999d":                      "--newer-than is",
		"generate -c 10 -d 40000":                          "-d N",
		"regenerate --to 2026-11-02 --dry-run --last nine": "invalid value",
	} {
		words := strings.Fields(args)
		p := process.New(stage, nil, new(bytes.Buffer))
		p.Args = words[1:]
		var err error
		switch words[0] {
		case "regenerate":
			_, err = parseRegenerate(p)
		case "delete":
			_, err = parseDelete(p, time.Now())
		case "generate":
			_, err = parseGenerate(p, time.Now())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestFlagsMean(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	parse := func(words string) *process.Process {
		p := process.New(stage, nil, new(bytes.Buffer))
		p.Args = strings.Fields(words)
		return p
	}
	r, err := parseRegenerate(parse("--from 2026-11-01 --to 2026-11-02T03:04:05+05:30 --last 5 --org 9,2 --zone pbx=Asia/Kolkata --zone b=UTC"))
	if err != nil || moment(r.from) != "2026-11-01T00:00:00Z" || moment(r.to) != "2026-11-01T21:34:05Z" || r.last != 5 ||
		!slices.Equal(r.orgs, []uint32{2, 9}) || r.zones["pbx"] != "Asia/Kolkata" || r.zones["b"] != "UTC" {
		t.Errorf("%+v, %v", r, err)
	}
	same, _ := parseRegenerate(parse("--last 5 --to 2026-11-01T21:34:05Z --from 2026-11-01 --org 2,9 --restart"))
	other, _ := parseRegenerate(parse("--last 6 --to 2026-11-01T21:34:05Z --from 2026-11-01 --org 2,9"))
	if r.key() != same.key() || r.key() == other.key() {
		t.Errorf("positions are %s, %s and %s", r.key(), same.key(), other.key())
	}
	for words, want := range map[string]time.Time{
		"--newer-than 30d":            now.Add(-720 * time.Hour),
		"--newer-than 2w":             now.Add(-14 * 24 * time.Hour),
		"--newer-than 90m":            now.Add(-90 * time.Minute),
		"--since 2026-11-01":          time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"--yes --since 2026-11-01":    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		"--since 2026-11-01T10:00:00": time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC),
	} {
		f, err := parseDelete(parse(words), now)
		if err != nil || f.since != call.InstantOf(want) || f.yes != strings.Contains(words, "yes") {
			t.Errorf("%s: %s, %v", words, moment(f.since), err)
		}
	}
	for words, want := range map[string]generateFlags{
		"":              {count: usualCount},
		"-c 7":          {count: 7},
		"-d 30":         {since: call.InstantOf(now.Add(-721 * time.Hour))},
		"-d 1 -c 3":     {count: 3, since: call.InstantOf(now.Add(-25 * time.Hour))},
		"--source pbx2": {count: usualCount, from: "pbx2"},
	} {
		if f, err := parseGenerate(parse(words), now); err != nil || f != want {
			t.Errorf("%q: %+v, %v; want %+v", words, f, err, want)
		}
	}
}

func TestHasRoom(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, test := range []struct {
		p    jetstream.Pressure
		want bool
	}{
		{jetstream.Pressure{}, true},
		{jetstream.Pressure{Bytes: 60, MaxBytes: 100, MaxAge: time.Hour}, true},
		{jetstream.Pressure{Bytes: 70, MaxBytes: 100}, false},
		{jetstream.Pressure{MaxAge: time.Hour, Oldest: now.Add(-10 * time.Minute)}, true},
		{jetstream.Pressure{MaxAge: time.Hour, Oldest: now.Add(-16 * time.Minute)}, false},
		{jetstream.Pressure{Oldest: now.Add(-100 * time.Hour)}, true},
	} {
		if got := hasRoom(test.p, now); got != test.want {
			t.Errorf("%+v: %t", test.p, got)
		}
	}
}
