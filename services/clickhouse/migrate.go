package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
)

// The schema is additive and every statement can be run again: the files are applied whole, in order, at each start.
//
//go:embed schema/*.sql
var schema embed.FS

// SchemaVersion is the number of schema files; it is part of every insert's token.
func SchemaVersion() int {
	files, _ := fs.Glob(schema, "schema/*.sql")
	return len(files)
}

// Migrate creates the database and what the schema files say. Only the enricher does.
func (s *Store) Migrate(ctx context.Context) error {
	// The database of the connection need not exist yet, so the first statement runs outside of it.
	outside := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"database": "default"}))
	if err := s.conn.Exec(outside, "CREATE DATABASE IF NOT EXISTS "+quote(s.database)); err != nil {
		return s.explain("create database "+s.database, err)
	}
	files, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return fmt.Errorf("list schema: %w", err)
	}
	for _, name := range files {
		text, err := schema.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read schema: %w", err)
		}
		for _, statement := range strings.Split(string(text), ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if err := s.conn.Exec(ctx, statement); err != nil {
				return s.explain("apply "+name, err)
			}
		}
	}
	return s.dropUnused(ctx)
}

// dropUnused removes the indexes of earlier versions that tx_search stands in for. It asks first: to drop an index is a
// mutation even where there is none, and every start would begin one.
func (s *Store) dropUnused(ctx context.Context) error {
	const unused = "'tx_src', 'tx_dst'"
	var names []string
	err := s.conn.QueryRow(ctx, "SELECT groupArray(name) FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = 'calls' AND name IN ("+unused+")").Scan(&names)
	if err != nil {
		return s.explain("list indexes", err)
	}
	for _, name := range names {
		if err := s.conn.Exec(ctx, "ALTER TABLE calls DROP INDEX IF EXISTS "+quote(name)); err != nil {
			return s.explain("drop the index "+name, err)
		}
	}
	return nil
}

// quote an identifier.
func quote(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}
