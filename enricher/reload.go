package main

import (
	"context"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/services/process"
)

const reloadEvery = 2 * time.Second

// watch takes a changed rules file into force without a restart. Kubernetes swaps a mounted file by a link, so what the
// path shows is compared, not an event awaited. A bad file is refused whole and the rules in force stay.
func (e *enricher) watch(ctx context.Context) {
	if e.cfg.RulesFile == "" {
		return
	}
	var trouble process.Trouble
	last := e.rules.Load().revision
	var seen os.FileInfo
	for process.Pause(ctx, reloadEvery) {
		info, err := os.Stat(e.cfg.RulesFile)
		if err == nil && seen != nil && info.ModTime().Equal(seen.ModTime()) && info.Size() == seen.Size() {
			continue
		}
		seen = info
		r, err := loadRules(e.cfg.RulesFile)
		if err != nil {
			seen = nil // say so again until it is mended
			e.metrics.reloads.WithLabelValues("refused").Inc()
			trouble.Report(e.log, "rules refused, the old ones stay", err)
			continue
		}
		trouble.Over(e.log, "rules can be read again")
		if r.revision != last {
			e.rules.Store(r)
			last = r.revision
			e.metrics.reloads.WithLabelValues("taken").Inc()
			e.log.Info("rules reloaded", "revision", r.revision)
		}
	}
}
