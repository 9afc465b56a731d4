package clickhouse

import (
	"context"
	"fmt"

	"github.com/cdrflow/cdrflow/services/call"
)

// Pick calls of the scope by their ids, by id. Those that do not exist, or that the scope does not cover, are missing.
func (s *Store) Pick(ctx context.Context, scope Scope, ids []uint64) ([]call.Call, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, wanted := idFilter(ids)
	found, err := s.calls(long(ctx), fmt.Sprintf("WHERE %s AND %s ORDER BY id, version DESC LIMIT 1 BY id LIMIT %d", scope.where(), where, 8*len(ids)))
	if err != nil {
		return nil, err
	}
	calls := found[:0]
	for i := range found {
		if wanted == nil || wanted[found[i].ID] {
			calls = append(calls, found[i])
		}
	}
	return calls, s.Amend(ctx, calls)
}
