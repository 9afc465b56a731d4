package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/cdrflow/cdrflow/services/call"
)

// ErrChanged is returned where a call was changed after the snapshot was taken and the server has merged its old version
// away already: the snapshot cannot be completed, and a new one can.
var ErrChanged = errors.New("a call has changed since")

// The first piece of a stream is small, so that it comes at once; each later one is twice as long, up to what the engine
// sorts in 100 MB.
const (
	leastPiece = 512
	mostPiece  = 16384
)

// Stream the calls of a snapshot, in its order, each in the version that it had, amended as they are in a list; the next
// one overwrites the last. Conversations are not told. It ends with the error of each, where that has one.
func (s *Store) Stream(ctx context.Context, snapshot *Snapshot, each func(*call.Call) error) error {
	walk := snapshot.walk()
	var piece []stamp
	for size := leastPiece; ; size = min(2*size, mostPiece) {
		if piece = walk.next(piece[:0], size); len(piece) == 0 {
			return nil
		}
		if err := s.piece(ctx, snapshot, piece, each); err != nil {
			return err
		}
	}
}

// piece reads these versions. FINAL would give newer ones: without it all that have not been merged away are there, and
// those that are wanted are told by their stamps.
func (s *Store) piece(ctx context.Context, snapshot *Snapshot, wanted []stamp, each func(*call.Call) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	amended, err := s.amendments(ctx, nil, func(add func(org uint32, id uint64)) {
		for _, w := range wanted {
			add(w.org, w.id)
		}
	})
	if err != nil {
		return err
	}
	ids := make([]uint64, len(wanted))
	for i, w := range wanted {
		ids[i] = w.id
	}
	which, _ := idFilter(ids)
	asked := about(snapshot.scope, &Filter{From: wanted[len(wanted)-1].calldate, To: wanted[0].calldate + 1, Omitted: snapshot.omitted})
	asked.and(which)
	// Little is in memory here: a block that is being read, one that waits and one that is decoded. The server, too, waits
	// for who takes them slowly.
	ctx = clickhouse.Context(besides(asked.carry(ctx), clickhouse.Settings{
		"max_block_size": 1024, "max_query_size": mostText, "http_send_timeout": 600,
	}), clickhouse.WithBlockBufferSize(1))
	err = s.scan(ctx, s.rowColumns, "calls WHERE "+asked.where()+" ORDER BY calldate DESC, id DESC, org_id DESC, version DESC", func(r *record) error {
		at := stamp{placeOf(&r.Call), uint64(r.Call.Version)}
		if len(wanted) == 0 || at != wanted[0] {
			if len(wanted) > 0 && passed(at, wanted[0]) {
				cancel() // or closing the rows would read all the others
				return ErrChanged
			}
			return nil // a neighbour, another version, or the same one twice
		}
		wanted = wanted[1:]
		amended.call(&r.Call)
		err := each(&r.Call)
		if err != nil {
			cancel()
		}
		return err
	})
	if err == nil && len(wanted) > 0 {
		err = ErrChanged
	}
	if errors.Is(err, ErrChanged) {
		return fmt.Errorf("read call %d as it was: %w", wanted[0].id, ErrChanged)
	}
	return err
}

// passed tells whether a row stands behind the wanted one, so that this will not come any more.
func passed(at, wanted stamp) bool {
	return cmp.Or(cmp.Compare(wanted.calldate, at.calldate), cmp.Compare(wanted.id, at.id), cmp.Compare(wanted.org, at.org),
		cmp.Compare(wanted.version, at.version)) > 0
}
