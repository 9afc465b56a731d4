package clickhouse

import "context"

// beside is what people added to calls, read while the calls themselves are: most organisations have so little of it that all
// of it is there before them. Where there is more, it is read once more for the calls that were found.
type beside struct {
	read chan struct{} // closed when it was
	amendments
	whole bool
	err   error
}

// mostBeside bounds what is read before it is known which calls it is for.
const mostBeside = 200

// beside begins to read what a scope has; whoever begins waits for the end.
func (s *Store) beside(ctx context.Context, scope Scope) *beside {
	b := &beside{read: make(chan struct{})}
	go func() {
		defer close(b.read)
		var rows int
		b.amendments, rows, b.err = s.readAmendments(ctx, scope, "1", mostBeside+1)
		b.whole = rows <= mostBeside
	}()
	return b
}

// wait until it was read.
func (b *beside) wait() { <-b.read }
