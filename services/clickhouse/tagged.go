package clickhouse

import (
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// tagged is one of a list among the tags of a call, or among those that a conversation's calls have together. It is the
// one place that knows where tags stand.
func tagged(list []string) condition {
	return condition{
		sql:  func(q *question) string { return "hasAny(tags, " + q.list(list) + ")" },
		head: func(q *question) string { return "hasAny(conv_tags, " + q.list(list) + ")" },
		met: func(c *call.Call) bool {
			return slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(list, tag) })
		},
	}
}
