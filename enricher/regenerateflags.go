package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

// regenerateFlags say which rows are meant.
type regenerateFlags struct {
	from, to call.Instant
	last     uint64
	orgs     []uint32
	zones    map[string]string
	dryRun   bool
	restart  bool
}

func parseRegenerate(p *process.Process) (f regenerateFlags, err error) {
	flags := flag.NewFlagSet("enricher regenerate", flag.ContinueOnError)
	flags.SetOutput(p.Out)
	from := flags.String("from", "", "rows from this `day` or instant on, UTC")
	to := flags.String("to", "", "rows before this `day` or instant, UTC")
	flags.Uint64Var(&f.last, "last", 0, "the newest `N` of them")
	orgs := flags.String("org", "", "of these `organisations` only, comma-separated")
	var pairs []string
	flags.Func("zone", "the zone of a source, as `pbx=Asia/Kolkata`, where its poller is not to be asked", func(pair string) error {
		pairs = append(pairs, pair)
		return nil
	})
	flags.BoolVar(&f.dryRun, "dry-run", false, "write nothing, and say what would change with the rules of RULES_FILE")
	flags.BoolVar(&f.restart, "restart", false, "start over where the same command was interrupted")
	if err := flags.Parse(p.Args); err != nil {
		return f, err
	}
	if flags.NArg() > 0 || *from == "" && *to == "" && f.last == 0 {
		return f, fmt.Errorf("regenerate wants --from, --to or --last N, and nothing behind them; --from 1970-01-01 is everything")
	}
	if f.from, err = parseMoment("--from", *from); err != nil {
		return f, err
	}
	if f.to, err = parseMoment("--to", *to); err != nil {
		return f, err
	}
	if f.to != 0 && f.to <= f.from {
		return f, fmt.Errorf("--to is %s, want it after --from, %s", *to, *from)
	}
	if *orgs != "" {
		for text := range strings.SplitSeq(*orgs, ",") {
			org, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
			if err != nil {
				return f, fmt.Errorf("--org is %q, want numbers of organisations, as 3,17", *orgs)
			}
			f.orgs = append(f.orgs, uint32(org))
		}
		slices.Sort(f.orgs)
	}
	f.zones, err = parseZones(pairs)
	return f, err
}

func (f *regenerateFlags) span() clickhouse.SpanQuery {
	return clickhouse.SpanQuery{Orgs: f.orgs, From: f.from, To: f.to}
}

// key of the position: the same question again goes on where it was.
func (f *regenerateFlags) key() string {
	sum := sha256.Sum256(fmt.Append(nil, f.from, f.to, f.last, f.orgs))
	return fmt.Sprintf("regenerate.%x", sum[:8])
}
