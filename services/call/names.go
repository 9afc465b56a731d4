package call

import "sync"

// nameList collects names with commas between them. Column names with a comma in them are not supported: MariaDB allows
// them, nobody has them, and the poller refuses them at the start.
type nameList struct {
	buffer [192]byte
	list   []byte
}

func (l *nameList) add(name string) {
	if l.list == nil {
		l.list = l.buffer[:0]
	} else {
		l.list = append(l.list, ',')
	}
	l.list = append(l.list, name...)
}

func (l *nameList) text() string { return string(l.list) }

// Rows of one table have the same few combinations of NULLs, so each is kept once; the bound is against a table that is
// different.
var (
	internLock sync.RWMutex
	interned   = map[string]string{}
)

func (l *nameList) intern() string {
	if len(l.list) == 0 {
		return ""
	}
	internLock.RLock()
	s, ok := interned[string(l.list)]
	internLock.RUnlock()
	if ok {
		return s
	}
	s = string(l.list)
	internLock.Lock()
	if len(interned) < 4096 {
		interned[s] = s
	}
	internLock.Unlock()
	return s
}
