package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/process"
)

const (
	// portionRows and portionBytes are what a feed publishes at once. Two portions and the live rows that come meanwhile are
	// a batch that an enricher digests well within its WRITE_TIMEOUT, conversations and all.
	portionRows  = 2000
	portionBytes = 8 << 20
	// passedEvery is how often the enrichers are asked whether they are done with a portion.
	passedEvery = 100 * time.Millisecond
	// roomEvery is how often the log is asked whether it has room.
	roomEvery = 5 * time.Second
	// roomShare of the log's bytes is for history; the rest is kept for live calls.
	roomShare = 0.7
)

// rowLog is what a feed needs of the bus.
type rowLog interface {
	Pressure(ctx context.Context) (jetstream.Pressure, error)
	Newest(ctx context.Context) (uint64, error)
	Passed(ctx context.Context, sequence uint64) (bool, error)
	Lag(ctx context.Context, stage string) (jetstream.Lag, error)
}

// feed lays rows on the log beside live traffic: a portion, and the next but one when the enrichers are done with it. So a
// live call waits behind two portions at most, and never behind a month.
type feed struct {
	bus  rowLog
	log  *slog.Logger
	out  *progress
	far  func() string // how far the command is, as a line begins
	kind call.Kind

	builders map[destination][]*call.Builder
	order    []destination
	waiting  int // rows in the builders
	bytes    int

	rows   uint64 // published
	before uint64 // sequences of the last portion but one, and of the last
	last   uint64
}

// destination is where a row goes. Rows of a source that have another table or zone travel in another chunk.
type destination struct {
	origin    call.Origin
	partition int
}

func newFeed(bus rowLog, log *slog.Logger, out *progress, kind call.Kind) *feed {
	return &feed{bus: bus, log: log, out: out, kind: kind, far: func() string { return "waiting" }, builders: map[destination][]*call.Builder{}}
}

// add a row to the portion.
func (f *feed) add(o call.Origin, partition int, row *call.Row) {
	o.Kind = f.kind
	at := destination{o, partition}
	size := rowSize(row)
	list := f.builders[at]
	if n := len(list); n == 0 || list[n-1].Full() || list[n-1].Size()+size > call.ChunkBytes {
		if n == 0 {
			f.order = append(f.order, at)
		}
		list = append(list, call.NewBuilder(o, partition))
		f.builders[at] = list
	}
	list[len(list)-1].AppendRow(row)
	f.waiting++
	f.bytes += size
}

// full tells whether the portion must be sent before it takes more.
func (f *feed) full() bool { return f.waiting >= portionRows || f.bytes >= portionBytes }

func rowSize(row *call.Row) int {
	size := 10
	for i := range row.Values {
		size += len(row.Values[i].Text) + 4
	}
	return size
}

// publishes chunks of a source, all or none.
type publishes func(ctx context.Context, source string, chunks []call.Chunk) error

// send the portion, and wait for the one before.
func (f *feed) send(ctx context.Context, publish publishes) error {
	if f.waiting == 0 {
		return nil
	}
	if err := f.room(ctx); err != nil {
		return err
	}
	sources := map[string][]call.Chunk{}
	for _, at := range f.order {
		for _, b := range f.builders[at] {
			sources[at.origin.Source] = append(sources[at.origin.Source], b.Chunk())
		}
	}
	for source, chunks := range sources {
		for len(chunks) > 0 {
			part := chunks[:min(len(chunks), jetstream.MaxPageMessages)]
			chunks = chunks[len(part):]
			if err := persist(ctx, f.log, "publish rows", func() error { return publish(ctx, source, part) }); err != nil {
				return err
			}
		}
	}
	f.rows += uint64(f.waiting)
	clear(f.builders)
	f.order, f.waiting, f.bytes = nil, 0, 0
	return f.sent(ctx)
}

// sent notes that a portion is on the log, by whomever it was published, and waits for the one before.
func (f *feed) sent(ctx context.Context) error {
	f.before = f.last
	err := persist(ctx, f.log, "read the log", func() (err error) {
		f.last, err = f.bus.Newest(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return f.await(ctx, f.before)
}

// drain waits until the enrichers are done with everything.
func (f *feed) drain(ctx context.Context) error {
	if err := f.sent(ctx); err != nil {
		return err
	}
	return f.await(ctx, f.last)
}

// await the enrichers.
func (f *feed) await(ctx context.Context, sequence uint64) error {
	for {
		var passed bool
		err := persist(ctx, f.log, "ask how far the enrichers are", func() (err error) {
			passed, err = f.bus.Passed(ctx, sequence)
			return err
		})
		if f.out.due() && err == nil {
			f.report(ctx)
		}
		if err != nil || passed {
			return err
		}
		if !process.Pause(ctx, passedEvery) {
			return ctx.Err()
		}
	}
}

func (f *feed) report(ctx context.Context) {
	lag, err := f.bus.Lag(ctx, stage)
	if err != nil {
		f.out.say("%s", f.far())
		return
	}
	f.out.say("%s; the enrichers have %d chunks before them", f.far(), lag.Total())
}

// room waits while the log fills up or its readers are far behind: history can wait, calls cannot.
func (f *feed) room(ctx context.Context) error {
	for said := false; ; said = true {
		var p jetstream.Pressure
		err := persist(ctx, f.log, "read the log", func() (err error) {
			p, err = f.bus.Pressure(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if hasRoom(p, time.Now()) {
			return nil
		}
		if !said {
			f.out.say("waiting until the log has room: it holds %d MiB of %d MiB", p.Bytes>>20, p.MaxBytes>>20)
		}
		if !process.Pause(ctx, roomEvery) {
			return ctx.Err()
		}
	}
}

func hasRoom(p jetstream.Pressure, now time.Time) bool {
	late := p.MaxAge > 0 && !p.Oldest.IsZero() && now.Sub(p.Oldest) > p.MaxAge/4
	return !late && (p.MaxBytes == 0 || float64(p.Bytes) < roomShare*float64(p.MaxBytes))
}
