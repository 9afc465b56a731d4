package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// eraser remembers what a far side that is not a store was told of erasures.
type eraser struct {
	mu    sync.Mutex
	saved []clickhouse.Erasure
	stops func(done bool) error // what saving answers; nil: nothing wrong
}

func (f *fixed) Sharing(_ context.Context, c *call.Call, file string) ([]call.Call, error) {
	var sharing []call.Call
	for _, o := range f.calls {
		if o.ID == c.ID || o.OrgID == c.OrgID && o.Source == c.Source && call.RecordingName(o.Recordingfile) == call.RecordingName(file) {
			sharing = append(sharing, o)
		}
	}
	return sharing, f.err
}

func (e *eraser) Erasures(_ context.Context, ids []uint64) ([]clickhouse.Erasure, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.saved), func(s clickhouse.Erasure) bool { return !slices.Contains(ids, s.ID) }), nil
}

func (e *eraser) Unfinished(context.Context, time.Time) ([]clickhouse.Erasure, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(e.saved), func(s clickhouse.Erasure) bool { return s.Done }), nil
}

func (e *eraser) SaveErasures(_ context.Context, list []clickhouse.Erasure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range list {
		if e.stops != nil {
			if err := e.stops(s.Done); err != nil {
				return err
			}
		}
		e.saved = append(slices.DeleteFunc(e.saved, func(o clickhouse.Erasure) bool { return o.ID == s.ID }), s)
	}
	return nil
}
