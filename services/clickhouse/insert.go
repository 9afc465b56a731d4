package clickhouse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/cdrflow/cdrflow/services/call"
)

// Insert stores calls and tombstones as one block. The token names the block: the same block under the same token is
// stored once, so a retry after an unknown outcome is harmless. Correctness does not rest on it (key and version fold
// what is stored twice), only tidiness does.
//
// It returns when the rows are on disk and visible to every query.
func (s *Store) Insert(ctx context.Context, calls []call.Call, token string) error {
	s.inserting.Lock()
	defer s.inserting.Unlock()
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = quote(c.name)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		// With async inserts block and token would no longer be one thing.
		"async_insert": 0,
		// To fold a block's versions the server copies it value by value, in more time than all the rest of an insert takes;
		// they are folded here.
		"optimize_on_insert": 0,
		// What is searched in is split into its pieces when the block is merged with others, once less; until then its few
		// rows are read whole.
		"exclude_materialize_skip_indexes_on_insert": "tx_search",
		// A backfill of ten years spans 120 partitions.
		"throw_on_max_partitions_per_insert_block": 0,
		"insert_deduplication_token":               token,
	}))
	err := s.conn.InsertFormat(ctx, "Native", "INSERT INTO calls ("+strings.Join(names, ", ")+")", s.block(s.folded(calls)))
	if err != nil {
		return s.explain(fmt.Sprintf("insert %d calls", len(calls)), err)
	}
	return nil
}

// block of calls in the Native format. It reads from the columns' memory, which the next block overwrites.
func (s *Store) block(calls []call.Call) io.Reader {
	for _, c := range s.columns {
		c.part.reset()
	}
	for i := range calls {
		for _, c := range s.columns {
			c.put(&c.part, &calls[i])
		}
	}
	head := binary.AppendUvarint(nil, uint64(len(s.columns)))
	head = binary.AppendUvarint(head, uint64(len(calls)))
	readers := make([]io.Reader, 0, 4*len(s.columns)+1)
	for _, c := range s.columns {
		for _, text := range []string{c.name, c.sent} {
			head = append(binary.AppendUvarint(head, uint64(len(text))), text...)
		}
		readers = append(readers, bytes.NewReader(head), bytes.NewReader(c.part.front), bytes.NewReader(c.part.values), bytes.NewReader(c.part.more))
		head = nil
	}
	return io.MultiReader(readers...)
}
