package main

import (
	"context"
	"sync"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// organisations remembers the organisations' zones and who is above whom. They change with the rules file, a few times a
// year.
type organisations struct {
	from history

	lock sync.Mutex
	list []clickhouse.Organisation
	read time.Time
}

const organisationsKept = time.Minute

// all organisations, as they were at most a minute ago.
func (o *organisations) all(ctx context.Context) ([]clickhouse.Organisation, error) {
	o.lock.Lock()
	list, fresh := o.list, !o.read.IsZero() && time.Since(o.read) < organisationsKept
	o.lock.Unlock()
	if fresh {
		return list, nil
	}
	list, err := o.from.Organisations(ctx) // several may ask at once: nobody waits for another's slow store
	if err != nil {
		return nil, err
	}
	o.lock.Lock()
	defer o.lock.Unlock()
	o.list, o.read = list, time.Now()
	return list, nil
}

// descendants are the organisations below one, and it itself. Nothing is below organisation 0: there 0 stands for none.
func descendants(all []clickhouse.Organisation, top uint32) map[uint32]bool {
	family := map[uint32]bool{top: true}
	if top == 0 {
		return family
	}
	for grown := true; grown; {
		grown = false
		for _, o := range all {
			if o.Parent != 0 && family[o.Parent] && !family[o.ID] {
				family[o.ID], grown = true, true
			}
		}
	}
	return family
}
