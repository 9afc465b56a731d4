package clickhouse

import (
	"context"
	"fmt"
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
	types := make([]clickhouse.ColumnNameAndType, len(s.columns))
	for i, c := range s.columns {
		name, sent, _ := c.named()
		names[i], types[i] = quote(name), clickhouse.ColumnNameAndType{Name: name, Type: sent}
	}
	ctx = clickhouse.Context(ctx,
		clickhouse.WithColumnNamesAndTypes(types),
		clickhouse.WithSettings(clickhouse.Settings{
			// With async inserts block and token would no longer be one thing.
			"async_insert": 0,
			// A backfill of ten years spans 120 partitions.
			"throw_on_max_partitions_per_insert_block": 0,
			"insert_deduplication_token":               token,
		}))
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO calls ("+strings.Join(names, ", ")+")")
	if err != nil {
		return s.explain(fmt.Sprintf("prepare insert of %d calls", len(calls)), err)
	}
	defer batch.Close()
	for i, c := range s.columns {
		if err := batch.Column(i).Append(c.collect(calls)); err != nil {
			return fmt.Errorf("insert %d calls: column %s: %w", len(calls), names[i], err)
		}
	}
	if err := batch.Send(); err != nil {
		return s.explain(fmt.Sprintf("insert %d calls", len(calls)), err)
	}
	return nil
}
