package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

// finishEvery is how often erasures that were cut off are looked for, and how long whoever asked has to finish his own.
const finishEvery = 30 * time.Second

// followErasures finishes what was begun, until ctx ends. Each process does: what two finish is finished.
func (a *api) followErasures(ctx context.Context, every time.Duration) {
	for process.Pause(ctx, every) {
		if err := a.finishErasures(ctx, time.Now().Add(-every)); err != nil && ctx.Err() == nil {
			a.eraseTrouble.Report(a.log, "recordings cannot be erased", err)
		}
	}
}

// finishErasures goes on with erasures that were asked for before a time and are not done: the process was killed, or
// something stood in the way. One that cannot be finished does not keep the others from it. Who sees no recordings could remove
// none, and must not call it done.
func (a *api) finishErasures(ctx context.Context, before time.Time) error {
	if a.vault == nil && !isDirectory(a.recordings) {
		return nil
	}
	begun, err := a.unfinished(ctx, before)
	if err != nil {
		if ctx.Err() == nil {
			a.historyTrouble.Report(a.log, "call history does not answer", err)
		}
		return nil // it is looked for again, and this is no trouble of the recordings
	}
	left := len(begun)
	var trouble error
	for _, l := range begun {
		if err := a.finishErasure(ctx, l); err != nil {
			trouble = cmp.Or(trouble, err)
			continue
		}
		left--
		a.log.Info("erasure finished", "id", l.ID, "org", l.OrgID)
	}
	a.metrics.unfinished.Set(float64(left))
	if trouble != nil {
		return fmt.Errorf("finish %d erasures, %d are left: %w", len(begun), left, trouble)
	}
	if len(begun) > 0 {
		a.eraseTrouble.Over(a.log, "recordings can be erased again")
	}
	return nil
}

func (a *api) unfinished(ctx context.Context, before time.Time) ([]clickhouse.Erasure, error) {
	ctx, cancel := context.WithTimeout(ctx, a.queryTimeout)
	defer cancel()
	return a.history.Unfinished(ctx, before)
}

func (a *api) finishErasure(ctx context.Context, l clickhouse.Erasure) error {
	ctx, cancel := context.WithTimeout(ctx, a.queryTimeout)
	defer cancel()
	// The row may be gone from the history meanwhile, or be another organisation's now.
	c := call.Call{ID: l.ID, OrgID: l.OrgID, Source: l.Source, Calldate: l.Calldate, Recordingfile: l.File}
	sharing, err := a.history.Sharing(ctx, &c, l.File)
	if err != nil {
		return err
	}
	var e erasure
	e.add(append(sharing, c), l.File)
	if err := a.removeRecording(ctx, &e); err != nil {
		return err
	}
	l.Done = true
	return a.history.SaveErasures(ctx, []clickhouse.Erasure{l})
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
