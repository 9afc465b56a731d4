package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

const (
	memberAge = 10 * time.Second
	// memberRenew leaves room for two renewals that get lost.
	memberRenew = 2500 * time.Millisecond
	// memberLook is how often a member looks who the others are.
	memberLook = 750 * time.Millisecond
	// memberSettle is how long nobody must have come or gone before a member takes more partitions: after a restart of
	// the server all announce themselves again one after the other.
	memberSettle = time.Second
	// memberAsk is how long one look or announcement may take.
	memberAsk = 2 * time.Second
)

// member is what one process says of itself: the partitions it holds, each with the revision of the message that claimed
// it first, 0 where this is that message. Of two that claim the same partition the earlier one has it.
type member struct {
	Held map[int]uint64 `json:"held"`
}

// presence is a member as the others see it.
type presence struct {
	member
	revision uint64
}

func (p *presence) claim(partition int) (revision uint64, ok bool) {
	revision, ok = p.Held[partition]
	if revision == 0 {
		revision = p.revision
	}
	return revision, ok
}

// members reads who is there. One question gives all of them: nothing has to be kept up to date in between, so nothing
// can be stale after a lost connection or a bucket made anew.
func (c *Consumer) members(ctx context.Context) (map[string]*presence, error) {
	ctx, cancel := context.WithTimeout(ctx, memberAsk)
	defer cancel()
	prefix := "$KV." + bucketMembers + "." + c.cfg.Stage + "."
	all, err := jetstreamext.GetLastMsgsFor(ctx, c.bus.js, "KV_"+bucketMembers, []string{prefix + "*"})
	if err != nil {
		return nil, fmt.Errorf("read the members: %w", err)
	}
	found := map[string]*presence{}
	for m, err := range all {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the members: %w", err)
		}
		if m.Header.Get("KV-Operation") != "" {
			continue // a mark of somebody who has left
		}
		p := &presence{revision: m.Sequence}
		if err := json.Unmarshal(m.Data, &p.member); err != nil {
			return nil, fmt.Errorf("read member %s: %w", m.Subject, err)
		}
		found[strings.TrimPrefix(m.Subject, prefix)] = p
	}
	// The iterator ends without a word when time is up, and half an answer would look like members that left.
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read the members: %w", err)
	}
	return found, nil
}

// announce writes our presence. A renewal insists on the revision it follows, so that one who was forgotten in the
// meantime notices.
func (c *Consumer) announce(ctx context.Context, held map[int]uint64, after uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, memberAsk)
	defer cancel()
	kv, err := c.bus.bucket(ctx, bucketMembers)
	if err != nil {
		return 0, err
	}
	body, err := json.Marshal(member{Held: held})
	if err != nil {
		return 0, err
	}
	key := c.cfg.Stage + "." + c.id
	if after == 0 {
		return kv.Put(ctx, key, body)
	}
	return kv.Update(ctx, key, body, after)
}

// withdraw removes our presence, so that the others need not wait for it to age.
func (c *Consumer) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), memberAsk)
	defer cancel()
	if kv, err := c.bus.bucket(ctx, bucketMembers); err == nil {
		_ = kv.Delete(ctx, c.cfg.Stage+"."+c.id, jetstream.LastRevision(0))
	}
}
