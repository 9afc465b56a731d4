package clickhouse

import (
	"fmt"
	"strings"
)

// Scope is what a query may see: exactly the organisations listed. An empty scope sees nothing.
type Scope struct{ Orgs []uint32 }

// where is the one place that turns a scope into a condition; every query of calls begins with it.
func (s Scope) where() string {
	if len(s.Orgs) == 0 {
		return "0"
	}
	var b strings.Builder
	b.WriteString("org_id IN (")
	for i, org := range s.Orgs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, org)
	}
	b.WriteByte(')')
	return b.String()
}
