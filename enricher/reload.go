package main

import (
	"context"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	reloadEvery = 2 * time.Second
	// A file that was written less than this ago may not be whole yet: half a list of organisations is a list as well.
	settleTime = time.Second
)

// directory is where the names of organisations are kept for those who show them.
type directory interface {
	SaveOrganisations(ctx context.Context, list []clickhouse.Organisation) error
}

// watch takes a changed rules file into force without a restart. Kubernetes swaps a mounted file by a link, so what the
// path shows is compared, not an event awaited. A bad file is refused whole and the rules in force stay. The organisations
// of the rules in force are saved to the directory, again and again until that works.
func (e *enricher) watch(ctx context.Context, names directory) {
	if e.cfg.RulesFile == "" {
		return
	}
	var (
		saving process.Trouble
		saved  *rules
		file   = rulesWatch{path: e.cfg.RulesFile, trouble: new(process.Trouble)}
	)
	for {
		if r := e.rules.Load(); r != saved {
			if err := e.saveOrganisations(ctx, names, r); err != nil {
				saving.Report(e.log, "save organisations", err)
			} else {
				saving.Over(e.log, "organisations are saved again")
				saved = r
			}
		}
		if !process.Pause(ctx, reloadEvery) {
			return
		}
		e.reload(&file)
	}
}

// rulesWatch is what was seen of the rules file so far.
type rulesWatch struct {
	path    string
	seen    os.FileInfo // when it was last read and was right
	refused string      // why it is refused, "" while it is right
	trouble *process.Trouble
}

// reload the file if it has changed.
func (e *enricher) reload(w *rulesWatch) {
	info, err := os.Stat(w.path)
	if err == nil {
		if w.seen != nil && info.ModTime().Equal(w.seen.ModTime()) && info.Size() == w.seen.Size() {
			return
		}
		if age := time.Since(info.ModTime()); age >= 0 && age < settleTime {
			return
		}
	}
	r, err := loadRules(w.path)
	if err != nil {
		w.seen = nil // say so again until it is mended
		if why := err.Error(); why != w.refused {
			w.refused, w.trouble = why, new(process.Trouble)
			e.metrics.reloads.WithLabelValues("refused").Inc()
		}
		w.trouble.Report(e.log, "rules refused, the old ones stay", err)
		return
	}
	w.seen, w.refused = info, ""
	w.trouble.Over(e.log, "rules can be read again")
	if r.revision != e.rules.Load().revision {
		e.rules.Store(r)
		e.metrics.reloads.WithLabelValues("taken").Inc()
		e.log.Info("rules reloaded", "revision", r.revision)
	}
}

func (e *enricher) saveOrganisations(ctx context.Context, names directory, r *rules) error {
	list := make([]clickhouse.Organisation, 0, len(r.list()))
	for _, o := range r.list() {
		list = append(list, clickhouse.Organisation(o))
	}
	ctx, done := context.WithTimeout(ctx, e.cfg.WriteTimeout)
	defer done()
	return names.SaveOrganisations(ctx, list)
}
