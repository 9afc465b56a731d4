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
	return "org_id IN (" + s.list() + ")"
}

// covers is the condition of a row that is about several organisations: the scope has all of them.
func (s Scope) covers() string {
	if len(s.Orgs) == 0 {
		return "0"
	}
	return "notEmpty(orgs) AND hasAll([" + s.list() + "], orgs)"
}

func (s Scope) list() string {
	var b strings.Builder
	for i, org := range s.Orgs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, org)
	}
	return b.String()
}
