package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
	"github.com/cdrflow/cdrflow/services/mariadb"
	"github.com/cdrflow/cdrflow/services/process"
)

// session is the polling of a source from one reading of its checkpoint to the next. All that it knows beyond the
// checkpoint may be lost.
type session struct {
	*poller
	cp         call.Checkpoint // as the log has it, or about to be the first
	revision   uint64          // of the checkpoint on the log; 0: none yet
	remembered bool            // the log knows the source

	// These do not change in a session.
	oldGround           uint64 // ids up to it were given out long before
	againTo, backfillTo uint64 // of the checkpoint

	limit    int // rows of the next query: fewer where rows are large
	stride   stride
	drain    bool        // the last page was full
	ahead    *forwarding // the page behind the checkpoint's, where it was read already
	pair     [2]page
	turns    int
	nextPage time.Time // when to look for new rows
	looked   time.Time // when the columns and counters were looked at
	outside  outside

	nextGaps time.Time
	pass     gapPass

	known   known
	floor   uint64 // rows above it are compared again
	marks   []mark
	swept   uint64 // rows up to it were compared in this round
	firstTo uint64 // rows up to it are published once more; 0: that is done
	owed    int    // rows to compare before the next pause
	accrued time.Time

	held    bool // the log is too far behind
	cramped bool // the log refused a page for its size
	weighed time.Time
}

// begin reads the checkpoint and decides where to go on.
func (p *poller) begin(ctx context.Context) (*session, error) {
	if _, err := p.table.Refresh(ctx); err != nil {
		return nil, err
	}
	st, err := p.table.State(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{poller: p, limit: p.cfg.PageRows}
	s.cp, s.revision, err = p.log.Checkpoint(ctx, p.cfg.Source)
	switch {
	case errors.Is(err, jetstream.ErrNoCheckpoint):
		if s.cp, err = p.first(ctx, st); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case p.kept != nil && p.kept.revision == s.revision:
		return p.kept.again(), nil
	default:
		s.cp = p.resume(s.cp, st)
	}
	s.againTo, s.backfillTo = s.cp.AgainTo, s.cp.BackfillTo
	now := time.Now()
	s.floor, s.swept, s.accrued = s.cp.LookBackID, s.cp.LookBackID, now
	s.marks = []mark{{now, s.cp.LastID}}
	if s.floor < s.cp.LastID && p.cfg.LookBack > 0 {
		s.firstTo = s.cp.LastID
	}
	// A transaction that was open when the last ids were given out may still be open; one before them is hardly.
	s.oldGround = st.MaxID - min(st.MaxID, uint64(p.cfg.PageRows))
	p.metrics.drained.CompareAndSwap(0, now.UnixNano())
	p.show(s.cp)
	p.say.Info("polling", "last_id", s.cp.LastID, "look_back_id", s.cp.LookBackID, "gaps", len(s.cp.Gaps), "max_id", st.MaxID)
	return s, nil
}

// again goes on with a session that was interrupted: nobody has moved its checkpoint, so what it remembers of rows still
// holds and they need not be published once more.
func (s *session) again() *session {
	s.ahead, s.pass, s.drain = nil, gapPass{}, false
	s.say.Info("polling again where it was left", "last_id", s.cp.LastID)
	return s
}

// first makes a checkpoint where the log has none.
func (p *poller) first(ctx context.Context, st mariadb.State) (call.Checkpoint, error) {
	cp := p.startAt(p.cfg.PollFrom)
	known, err := p.house.SourceKnown(ctx, p.cfg.Source)
	if err != nil || !known {
		return cp, err
	}
	if p.cfg.PollFrom == 0 {
		return cp, &stopped{fmt.Sprintf("source %s was polled before, but its checkpoint is gone from the log (the stream was made anew, or its age took it): "+
			"set POLL_FROM to the row id to read from, 1 for all rows; rows that are stored already are not doubled", p.cfg.Source)}
	}
	cp.AgainTo = max(cp.LastID, st.MaxID)
	return cp, nil
}

// resume adapts the checkpoint to what the configuration asks for.
func (p *poller) resume(cp call.Checkpoint, st mariadb.State) call.Checkpoint {
	from := p.cfg.PollFrom
	switch {
	case cp.SourceNumber != p.cfg.SourceNumber:
		p.say.Warn("new SOURCE_NUMBER: every row is a new call, from the start or from POLL_FROM",
			"was", cp.SourceNumber, "is", p.cfg.SourceNumber, "poll_from", from)
		page := cp.Page
		cp = p.startAt(from)
		cp.Page = page
	case from == 0 || from == cp.PollFrom:
	case from > cp.LastID:
		p.say.Warn("POLL_FROM is not below the checkpoint, so there is nothing to go back to", "poll_from", from, "last_id", cp.LastID)
		cp.PollFrom = from // not to be followed later, when the checkpoint has passed it
	default:
		p.say.Warn("going back to POLL_FROM", "poll_from", from, "last_id", cp.LastID)
		again, page := max(cp.LastID, cp.AgainTo), cp.Page
		cp = p.startAt(from)
		cp.AgainTo, cp.BackfillTo, cp.Page = again, min(again, st.MaxID), page
	}
	return cp
}

func (p *poller) startAt(from uint64) call.Checkpoint {
	last := from - min(from, 1)
	return call.Checkpoint{
		Source: p.cfg.Source, SourceNumber: p.cfg.SourceNumber, PollFrom: from, LastID: last, LookBackID: last, At: time.Now().UTC(),
	}
}

// kind of a row that is read in the order of ids.
func (s *session) kind(id uint64) call.Kind {
	switch {
	case id <= s.backfillTo:
		return call.KindBackfill
	case id <= s.againTo:
		return call.KindLookBack // those that are stored are dropped, the others announced like any
	}
	return call.KindPage
}

// page to fill with rows that are read again. There is one of each kind, which is used again and again.
func (p *poller) page(kind call.Kind) *page {
	pg := p.pages[kind]
	if pg == nil {
		pg = &page{}
		p.pages[kind] = pg
	}
	pg.start(p.origin(kind), p.cfg.PageRows)
	return pg
}

func (p *poller) origin(kind call.Kind) call.Origin {
	return call.Origin{
		Source: p.cfg.Source, SourceNumber: p.cfg.SourceNumber, Zone: p.cfg.SourceTimezone, Kind: kind, Table: p.table.Table(),
	}
}

// publishTime bounds one try; what became of it is found out at the next.
const publishTime = 30 * time.Second

// publish stores pages and the checkpoint together, and only then believes the one and the other. Without a page it renews
// the checkpoint.
func (s *session) publish(ctx context.Context, cp call.Checkpoint, pages ...*page) error {
	var chunks []call.Chunk
	for _, pg := range pages {
		chunks = pg.take(chunks)
	}
	cp.Page++
	cp.At = time.Now().UTC()
	cp.LookBackID = min(s.floor, cp.LastID)
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	s.proc.Turned()
	revision, err := s.log.PublishPage(ctx, s.cfg.Source, chunks, cp, s.revision)
	if err != nil {
		return err
	}
	s.cp, s.revision = cp, revision
	s.room()
	for _, pg := range pages {
		s.learn(pg)
		s.metrics.rows.WithLabelValues(string(pg.origin.Kind)).Add(float64(pg.rows))
	}
	s.metrics.pages.Inc()
	s.show(cp)
	process.Point("poller.published")
	if !s.remembered {
		// After the page: the other way round, a crash between would leave a source that may not start.
		if err := s.house.RememberSource(ctx, s.cfg.Source); err != nil {
			return err
		}
		s.remembered = true
	}
	return nil
}

func (p *poller) show(cp call.Checkpoint) {
	p.metrics.gaps.Set(float64(len(cp.Gaps)))
	p.metrics.lastID.Set(float64(cp.LastID))
}
