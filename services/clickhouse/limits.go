package clickhouse

import (
	"context"
	"errors"
	"maps"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
)

// Limits of the queries that are made for one caller, so that the others are still answered. What is 0 has none. How long a
// query may take is the context's to say.
type Limits struct {
	Rows    uint64 // that it may read; what the indexes rule out is not read
	Memory  uint64 // bytes
	Threads int
	// Priority of a query goes before that of others with a higher number while both run; 0 has none and waits for nobody.
	Priority int
}

// ErrTooExpensive wraps the error of a query that hit its Limits: asking for less can help.
var ErrTooExpensive = errors.New("the query needs more than its caller may have")

type limitsKey struct{}

// Within bounds every query that is made with the context it returns.
func Within(ctx context.Context, l Limits) context.Context {
	set := clickhouse.Settings{
		// A caller who leaves takes the query along; otherwise it would go on for nobody.
		"cancel_http_readonly_queries_on_client_close": 1,
	}
	if l.Rows > 0 {
		set["max_rows_to_read"] = l.Rows
	}
	if l.Memory > 0 {
		set["max_memory_usage"] = l.Memory
	}
	if l.Threads > 0 {
		set["max_threads"] = l.Threads
	}
	if l.Priority > 0 {
		set["priority"] = l.Priority
	}
	return clickhouse.Context(context.WithValue(ctx, limitsKey{}, set), clickhouse.WithSettings(set))
}

// besides gives settings to a query and leaves it the limits of its caller, which the driver would let go.
func besides(ctx context.Context, settings clickhouse.Settings) context.Context {
	limits, _ := ctx.Value(limitsKey{}).(clickhouse.Settings)
	maps.Copy(settings, limits)
	return clickhouse.Context(ctx, clickhouse.WithSettings(settings))
}

// tooExpensive tells a query that hit its own limits from a server that hit its.
func tooExpensive(e *clickhouse.Exception) bool {
	switch e.Code {
	case codeTooManyRows, codeTooManyBytes, codeTooManyRowsOrBytes:
		return true
	case codeMemoryLimit:
		// The server says which limit it was: that of the query, of the user or its own total.
		return strings.Contains(e.Message, "Query memory limit") || strings.Contains(e.Message, "(for query)")
	}
	return false
}
