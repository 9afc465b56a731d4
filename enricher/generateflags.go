package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/process"
)

type generateFlags struct {
	count uint64       // most rows; 0: no bound
	since call.Instant // of calldate; 0: no bound
	from  string       // source; empty: all
}

func parseGenerate(p *process.Process, now time.Time) (f generateFlags, err error) {
	flags := flag.NewFlagSet("enricher generate", flag.ContinueOnError)
	flags.SetOutput(p.Out)
	count := flags.Uint64("c", 0, fmt.Sprintf("the newest `N` missing rows; %d where -d is not given either", usualCount))
	days := flags.Uint64("d", 0, "missing rows of the last `N` days")
	flags.StringVar(&f.from, "source", "", "of this `source` only")
	if err := flags.Parse(p.Args); err != nil {
		return f, err
	}
	given := map[string]bool{}
	flags.Visit(func(one *flag.Flag) { given[one.Name] = true })
	if flags.NArg() > 0 || given["c"] && *count == 0 || given["d"] && (*days == 0 || *days > 36_500) {
		return f, fmt.Errorf("generate wants -c N, a number of rows, or -d N, a number of days, and nothing behind them")
	}
	f.count = *count
	if given["d"] {
		// An hour more: what was deleted by the same number of days a moment ago is to come back whole.
		f.since = call.InstantOf(now.AddDate(0, 0, -int(*days)).Add(-time.Hour))
	} else if !given["c"] {
		f.count = usualCount
	}
	return f, nil
}
