package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
)

// Organisation has a name for people.
type Organisation struct {
	ID     uint32
	Name   string
	Parent uint32 // the organisation above it, 0 for none
	Zone   string // time zone, as Europe/Paris
}

// SaveOrganisations makes the stored list equal to this one: an organisation that is not in it is removed. Saving a list
// that is stored already writes nothing, so that every enricher may at every start.
func (s *Store) SaveOrganisations(ctx context.Context, list []Organisation) error {
	stored, err := s.Organisations(ctx)
	if err != nil {
		return err
	}
	var values []string
	for _, o := range list {
		if !slices.Contains(stored, o) {
			values = append(values, fmt.Sprintf("(%d, %s, %d, %s, 0)", o.ID, literal(o.Name), o.Parent, literal(o.Zone)))
		}
	}
	for _, o := range stored {
		if !slices.ContainsFunc(list, func(n Organisation) bool { return n.ID == o.ID }) {
			values = append(values, fmt.Sprintf("(%d, '', 0, '', 1)", o.ID))
		}
	}
	for some := range slices.Chunk(values, 500) {
		err := s.conn.Exec(exact(ctx), "INSERT INTO organisations (id, name, parent, zone, is_deleted) VALUES "+strings.Join(some, ", "))
		if err != nil {
			return s.explain(fmt.Sprintf("save %d organisations", len(values)), err)
		}
	}
	return nil
}

// Organisations that are stored, by id.
func (s *Store) Organisations(ctx context.Context) ([]Organisation, error) {
	rows, err := s.conn.Query(ctx, "SELECT id, name, parent, zone FROM organisations FINAL")
	if err != nil {
		return nil, s.explain("read organisations", err)
	}
	defer rows.Close()
	var list []Organisation
	for rows.Next() {
		var o Organisation
		if err := rows.Scan(&o.ID, &o.Name, &o.Parent, &o.Zone); err != nil {
			return nil, fmt.Errorf("read organisations: %w", err)
		}
		list = append(list, o)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read organisations", err)
	}
	slices.SortFunc(list, func(a, b Organisation) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// exact makes a statement's insert one that is stored when it returns, and never taken for a repetition of another.
func exact(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"async_insert": 0, "insert_deduplicate": 0, "throw_on_max_partitions_per_insert_block": 0,
	}))
}
