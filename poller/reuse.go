package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/mariadb"
)

// stopped ends the poller: to go on would wait in silence or overwrite calls, and only an operator knows what happened.
type stopped struct{ why string }

func (s *stopped) Error() string { return s.why }

// look is what a poller does before it reads new rows: it sees which columns there are, and whether the counters are
// still those of the table it knows.
func (s *session) look(ctx context.Context, now time.Time) error {
	changed, err := s.table.Refresh(ctx)
	if err != nil {
		return err
	}
	if changed {
		s.say.Info("columns changed", "columns", len(s.table.Table().Columns))
	}
	st, err := s.table.State(ctx)
	if err != nil {
		return err
	}
	if err := s.check(st, s.cp.LastID); err != nil {
		return err
	}
	if err := s.parkOutside(ctx, st); err != nil {
		return err
	}
	s.looked = now
	return nil
}

// check holds the table's counters against the last id that was published. A table that was truncated, or restored from an
// older copy, gives out ids again that other calls have.
func (p *poller) check(st mariadb.State, last uint64) error {
	switch {
	case last == 0:
		return nil
	case st.NextID != 0 && st.NextID <= last:
		return p.reused(fmt.Sprintf("its next id is %d and row %d was read already", st.NextID, last), st.NextID)
	case st.Empty && st.NextID != 0:
		return nil // emptied by a purge: its counter goes on where it stood
	case st.MaxID < last:
		return p.reused(fmt.Sprintf("its highest id is %d and row %d was read already", st.MaxID, last), st.MaxID+1)
	}
	return nil
}

// compare two looks at one id; a table in which an id returns as another call was replaced.
func (p *poller) compare(id uint64, was, is look) error {
	if was.sameCall(is) {
		return nil
	}
	return p.reused(fmt.Sprintf("row %d came back with another uniqueid", id), id)
}

func (p *poller) reused(what string, from uint64) error {
	return &stopped{fmt.Sprintf("table %s is not as it was left: %s. It was truncated, restored or replaced, and its ids would overwrite other calls. "+
		"Set a SOURCE_NUMBER that was never used, now %d, to read it as a new source from its start (or from POLL_FROM); "+
		"or, where the rows from some id on may replace what is stored under their ids, POLL_FROM to that id (here %d)",
		p.table, what, p.cfg.SourceNumber, from)}
}
