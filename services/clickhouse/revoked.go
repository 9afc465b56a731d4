package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
)

// Revocation says that a token is not to be taken any more.
type Revocation struct {
	JTI     string    // the token's name
	Orgs    []uint32  // all organisations that the revoker sees: the token is meant if it sees no others
	Expires time.Time // when it may be forgotten; zero: never
	By      string    // subject of the revoker; not read again
}

// never is later than the expiry of any token, and the last day but one that the column can hold.
var never = time.Date(2299, 12, 30, 0, 0, 0, 0, time.UTC)

// Revoke stores a revocation; it is on disk when this returns.
func (s *Store) Revoke(ctx context.Context, r Revocation) error {
	type row struct {
		JTI     string   `json:"jti"`
		Orgs    []uint32 `json:"orgs"`
		Expires string   `json:"expires"`
		By      string   `json:"by"`
	}
	expires := r.Expires
	if expires.IsZero() || expires.After(never) {
		expires = never
	}
	orgs := slices.Sorted(slices.Values(r.Orgs))
	return insertRows(ctx, s, "revoked_tokens", []row{{r.JTI, orgs, expires.UTC().Format(milliseconds), r.By}})
}

// Revocations that still stand. A store whose schema is older than the table has none.
func (s *Store) Revocations(ctx context.Context) ([]Revocation, error) {
	rows, err := s.conn.Query(ctx, `SELECT jti, orgs, toUnixTimestamp64Milli(max(expires)) FROM revoked_tokens
		WHERE expires > now64(3) GROUP BY jti, orgs ORDER BY jti, orgs`)
	if err != nil {
		var exception *clickhouse.Exception
		if errors.As(err, &exception) && exception.Code == codeUnknownTable {
			return nil, nil
		}
		return nil, s.explain("read the revoked tokens", err)
	}
	defer rows.Close()
	var list []Revocation
	for rows.Next() {
		var (
			r       Revocation
			expires int64
		)
		if err := rows.Scan(&r.JTI, &r.Orgs, &expires); err != nil {
			return nil, fmt.Errorf("read the revoked tokens: %w", err)
		}
		if expires < never.UnixMilli() {
			r.Expires = time.UnixMilli(expires).UTC()
		}
		list = append(list, r)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read the revoked tokens", err)
	}
	return list, nil
}
