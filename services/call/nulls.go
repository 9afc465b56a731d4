package call

import (
	"strings"
	"sync"
)

// nullSet is which columns of a row are NULL, by their place. A CDR table has about 30 columns; 256 are enough for any.
type nullSet [4]uint64

func (s *nullSet) add(i int) {
	if i < 64*len(s) {
		s[i/64] |= 1 << (i % 64)
	}
}

func (s *nullSet) has(i int) bool { return i < 64*len(s) && s[i/64]&(1<<(i%64)) != 0 }

// MaxColumns is the number of columns that a table can have.
const MaxColumns = 256

// nullNames keeps the list of names for each set that a table's rows have had: rows have the same few combinations, and
// making the list anew for every row was the largest cost of understanding it. The bound is against a table that is
// different. Column names with a comma in them are refused by the poller.
type nullNames struct {
	lock  sync.RWMutex
	lists map[nullSet]string
}

func (n *nullNames) of(t *Table, s nullSet) string {
	if s == (nullSet{}) {
		return ""
	}
	n.lock.RLock()
	list, ok := n.lists[s]
	n.lock.RUnlock()
	if ok {
		return list
	}
	var names []string
	for i := range t.Columns {
		if s.has(i) {
			names = append(names, t.Columns[i].Means)
		}
	}
	list = strings.Join(names, ",")
	n.lock.Lock()
	defer n.lock.Unlock()
	if n.lists == nil {
		n.lists = map[nullSet]string{}
	}
	if len(n.lists) < 4096 {
		n.lists[s] = list
	}
	return list
}
