package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	mendEvery = time.Hour
	// mendPartition is whose holder looks, so that one enricher of many does.
	mendPartition = 0
)

// mends looks every hour for calls that live at two keys. Two workers with different rules that hold the same chunk at the
// same moment could leave one; everything else is ruled out by the lookup before the write.
func (e *enricher) mends(ctx context.Context, held func() []int) {
	var trouble process.Trouble
	for process.Pause(ctx, mendEvery) {
		if !slices.Contains(held(), mendPartition) {
			continue
		}
		n, err := e.mend(ctx, time.Now().Add(-2*mendEvery))
		switch {
		case err != nil && ctx.Err() == nil:
			trouble.Report(e.log, "look for calls that live twice", err)
		case n > 0:
			e.log.Warn("calls that lived twice are mended", "calls", n)
		}
	}
}

// mend buries all but the newest of each call that lives more than once.
func (e *enricher) mend(ctx context.Context, since time.Time) (int, error) {
	ids, err := e.store.Doubles(ctx, since)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	stored, err := e.store.Lookup(ctx, ids)
	if err != nil {
		return 0, err
	}
	var graves []call.Call
	mended := 0
	for _, id := range ids {
		if rows := stored[id]; len(rows) > 1 {
			graves = append(graves, bury(rows)...)
			mended++
		}
	}
	if len(graves) == 0 {
		return 0, nil
	}
	// The epoch belongs to the loop, which may be changing it; the rows carry their versions.
	token := insertToken(0, nil, e.rules.Load().revision, clickhouse.SchemaVersion(), graves)
	if err := e.store.Insert(ctx, graves, token); err != nil {
		return 0, fmt.Errorf("bury %d rows: %w", len(graves), err)
	}
	e.metrics.mended.Add(float64(mended))
	return mended, nil
}

// bury gives tombstones for all of a call's rows but the one with the highest version; of equal ones the one with the
// higher organisation and date stays, so that everybody who decides decides alike.
func bury(rows []clickhouse.Stored) []call.Call {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b clickhouse.Stored) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.OrgID, b.OrgID), cmp.Compare(a.Calldate, b.Calldate))
	})
	newest := rows[len(rows)-1]
	var graves []call.Call
	for _, r := range rows[:len(rows)-1] {
		graves = append(graves, tombstone(&call.Call{ID: r.ID, Version: newest.Version.Next()}, r))
	}
	return graves
}
