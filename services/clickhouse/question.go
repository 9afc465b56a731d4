package clickhouse

import (
	"context"
	"fmt"
	"strings"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
)

// question is what a query of calls asks for: its conditions, and the values bound to them. Nothing that a caller typed
// becomes part of the statement.
type question struct {
	scope      Scope
	conditions []string
	bound      clickhouse.Parameters
	base       string // the scope and the time, which bound a search through an index
}

// about begins a question. The scope comes first, so no query that is built from a question can lack it.
func about(scope Scope, f *Filter) *question {
	q := ask(scope)
	q.base = join(scope.where(), within(f.From, f.To))
	f.into(q)
	return q
}

func ask(scope Scope) *question {
	return &question{scope: scope, conditions: []string{scope.where()}, bound: clickhouse.Parameters{}, base: scope.where()}
}

// and adds a condition; an empty one is none.
func (q *question) and(condition string) {
	if condition != "" {
		q.conditions = append(q.conditions, condition)
	}
}

// text binds a value and gives what stands for it in a condition.
func (q *question) text(value string) string {
	return q.bind("String", escaped.Replace(value))
}

// list binds several values.
func (q *question) list(values []string) string {
	return q.bind("Array(String)", texts(values)) // an array is read as in a statement, quotes and all
}

// A text arrives at the server as a field of a tab-separated file would (ClickHouse, "HTTP interface", queries with
// parameters).
var escaped = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

func (q *question) bind(kind, value string) string {
	name := fmt.Sprintf("p%d", len(q.bound))
	q.bound[name] = value
	return "{" + name + ":" + kind + "}"
}

// where is the whole condition.
func (q *question) where() string { return strings.Join(q.conditions, " AND ") }

// carry gives the context that a query needs for its values to arrive.
func (q *question) carry(ctx context.Context) context.Context {
	if len(q.bound) == 0 {
		return ctx
	}
	return clickhouse.Context(ctx, clickhouse.WithParameters(q.bound))
}
