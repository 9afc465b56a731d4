package jetstream

import (
	"context"
	"maps"
	"slices"
	"time"
)

// membership is what a member knows of itself and the others. Only attend touches it.
//
// A partition changes hands in this order: its holder sees that it falls to another, stops asking for messages, waits
// until what it handed out is settled, and drops the claim; the other sees that, claims it, reads the claims back, and
// begins when its own is the earliest. A holder that died drops its claims when its presence ages. So at any time one
// member works on a partition, as far as clocks and pauses allow; where they do not, versions decide.
type membership struct {
	claims    map[int]uint64 // revision of the claim, 0 before it is announced
	revision  uint64         // of our presence, 0 when we have none
	announced time.Time
	dirty     bool // the claims changed since
	others    []string
	changed   time.Time // when somebody came or went
}

func (c *Consumer) attend() {
	defer close(c.stopped)
	c.membership.claims = map[int]uint64{}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-c.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		wait := memberLook
		if err := c.look(ctx); err != nil {
			if ctx.Err() == nil {
				c.complain("agree with the other members", -1, err)
			}
			wait = memberLook / 2
		}
		if !pause(ctx, wait) {
			break
		}
	}
	c.leave()
}

// look is one round: who is there, what falls to us, give, take, say so.
func (c *Consumer) look(ctx context.Context) error {
	all, err := c.members(ctx)
	if err != nil {
		return err
	}
	m := &c.membership
	me := all[c.id]
	delete(all, c.id)
	switch {
	case me == nil && m.revision != 0:
		c.forgotten()
	case me != nil && me.revision < m.revision:
		return nil // a replica that lags behind tells the past
	}
	if others := slices.Sorted(maps.Keys(all)); !slices.Equal(others, m.others) {
		m.others, m.changed = others, time.Now()
		if m.revision == 0 {
			m.changed = time.Time{} // they were here before us
		}
	}
	c.give(all)
	c.claim(all)
	if err := c.sayIfNeeded(ctx); err != nil {
		return err
	}
	if !c.unbegun() {
		return nil
	}
	// Claims count in the order in which they were stored, so ours are good once nobody's are earlier.
	all, err = c.members(ctx)
	if err != nil {
		return err
	}
	if me := all[c.id]; me == nil || me.revision < m.revision {
		return nil
	}
	delete(all, c.id)
	c.begin(all)
	return c.sayIfNeeded(ctx)
}

// forgotten: our presence aged while we or the server slept, and with it the claims. Others may have claimed the same
// since; what we hold we claim anew.
func (c *Consumer) forgotten() {
	m := &c.membership
	m.revision, m.dirty, m.changed = 0, true, time.Now()
	for p := range m.claims {
		m.claims[p] = 0
	}
	c.generation.Add(1)
}

// give stops what falls to another, or what another has the older claim on, and drops the claims on what is finished.
func (c *Consumer) give(all map[string]*presence) {
	m := &c.membership
	owner := share(append(slices.Clone(m.others), c.id))
	for p, claim := range m.claims {
		f := c.fetcher(p)
		switch {
		case f == nil:
			if owner[p] != c.id || elsewhere(all, p, claim) {
				delete(m.claims, p)
				m.dirty = true
			}
		case !closed(f.stop):
			if owner[p] != c.id || elsewhere(all, p, claim) {
				f.stopped = time.Now()
				close(f.stop)
			}
		case closed(f.done) && f.inHand.Load() == 0, c.overdue(f) && closed(f.done):
			c.forget(p)
			delete(m.claims, p)
			m.dirty = true
		case c.overdue(f) && !closed(f.abandon):
			close(f.abandon)
		}
	}
}

// overdue: nobody asks for what was fetched, or settles what was handed out.
func (c *Consumer) overdue(f *fetcher) bool {
	return time.Since(f.stopped) > c.fetchWait+c.cfg.BatchWait+c.cfg.WriteTimeout
}

// claim takes what falls to us and is nobody's.
func (c *Consumer) claim(all map[string]*presence) {
	m := &c.membership
	if time.Since(m.changed) < memberSettle {
		return
	}
	for p, owner := range share(append(slices.Clone(m.others), c.id)) {
		if _, ours := m.claims[p]; ours || owner != c.id || elsewhere(all, p, 0) {
			continue
		}
		m.claims[p] = 0
		m.dirty = true
	}
}

// elsewhere tells whether another has a claim on the partition, older than ours if we have one.
func elsewhere(all map[string]*presence, partition int, ours uint64) bool {
	for _, other := range all {
		if theirs, ok := other.claim(partition); ok && (ours == 0 || theirs < ours) {
			return true
		}
	}
	return false
}

// sayIfNeeded announces our claims when they changed, and ourselves before we age.
func (c *Consumer) sayIfNeeded(ctx context.Context) error {
	m := &c.membership
	if m.revision != 0 && !m.dirty && time.Since(m.announced) < memberRenew {
		return nil
	}
	at := time.Now()
	revision, err := c.announce(ctx, m.claims, m.revision)
	if conflict(err) {
		c.forgotten()
	}
	if err != nil {
		return err
	}
	m.revision, m.announced, m.dirty = revision, at, false
	for p, claim := range m.claims {
		if claim == 0 {
			m.claims[p] = revision
		}
	}
	return nil
}

func (c *Consumer) unbegun() bool {
	for p := range c.membership.claims {
		if c.fetcher(p) == nil {
			return true
		}
	}
	return false
}

// begin starts on what we have the oldest claim on.
func (c *Consumer) begin(all map[string]*presence) {
	m := &c.membership
	for p, claim := range m.claims {
		if c.fetcher(p) != nil {
			continue
		}
		if elsewhere(all, p, claim) {
			delete(m.claims, p)
			m.dirty = true
			continue
		}
		f := &fetcher{
			consumer: c, partition: p, stop: make(chan struct{}), abandon: make(chan struct{}), done: make(chan struct{}),
		}
		// What the former holder had in hand may come to us as new.
		c.generation.Add(1)
		c.mu.Lock()
		c.fetchers[p] = f
		c.mu.Unlock()
		go f.run()
	}
}

// leave gives everything back and goes.
func (c *Consumer) leave() {
	c.mu.Lock()
	fetchers := slices.Collect(maps.Values(c.fetchers))
	c.mu.Unlock()
	for _, f := range fetchers {
		if !closed(f.stop) {
			close(f.stop)
		}
		if !closed(f.abandon) {
			close(f.abandon)
		}
	}
	for _, f := range fetchers {
		<-f.done
	}
	c.withdraw()
}

func (c *Consumer) fetcher(partition int) *fetcher {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetchers[partition]
}

func (c *Consumer) forget(partition int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fetchers, partition)
}
