package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// memberEvery is how often a member gives a sign of life and looks who else does.
const memberEvery = 2 * time.Second

// attend keeps the consumer's membership and its partitions in step with who is alive, until ctx ends.
func (c *Consumer) attend(ctx context.Context) {
	defer close(c.attended)
	ticker := time.NewTicker(memberEvery)
	defer ticker.Stop()
	for {
		if err := c.meet(ctx); err != nil && ctx.Err() == nil {
			// Whoever cannot ask keeps what it holds: working on a partition twice is harmless, leaving it is not.
			c.bus.log.Debug("membership", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// meet gives a sign of life, reads who is alive and takes or gives partitions accordingly.
func (c *Consumer) meet(ctx context.Context) error {
	ask, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if _, err := c.bus.js.Publish(ask, c.memberSubject(), []byte(time.Now().UTC().Format(time.RFC3339)), jetstream.WithRetryAttempts(0)); err != nil {
		return fmt.Errorf("give a sign of life: %w", err)
	}
	stream, err := c.bus.js.Stream(ask, "KV_"+bucketMembers)
	if err != nil {
		return fmt.Errorf("list members: %w", err)
	}
	prefix := "$KV." + bucketMembers + "." + c.cfg.Stage + "."
	info, err := stream.Info(ask, jetstream.WithSubjectFilter(prefix+"*"))
	if err != nil {
		return fmt.Errorf("list members: %w", err)
	}
	members := []string{c.member}
	for subject := range info.State.Subjects {
		if m := strings.TrimPrefix(subject, prefix); m != c.member {
			members = append(members, m)
		}
	}
	slices.Sort(members)
	c.hold(ctx, share(c.member, members, call.Partitions))
	return nil
}

func (c *Consumer) memberSubject() string {
	return "$KV." + bucketMembers + "." + c.cfg.Stage + "." + c.member
}

// leave the membership at once, so that the others need not wait for this member to age.
func (c *Consumer) leave(ctx context.Context) error {
	stream, err := c.bus.js.Stream(ctx, "KV_"+bucketMembers)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(c.memberSubject()))
	}
	if err != nil {
		return fmt.Errorf("leave the membership: %w", err)
	}
	return nil
}

// hold starts a fetcher for each partition that is ours now and ends those of partitions that are not any more.
func (c *Consumer) hold(ctx context.Context, wanted []int) {
	for p, f := range c.fetchers {
		if !slices.Contains(wanted, p) {
			delete(c.fetchers, p)
			f.end()
			c.bus.log.Debug("partition given", "partition", p)
		}
	}
	for _, p := range wanted {
		if c.fetchers[p] != nil {
			continue
		}
		f, err := c.take(ctx, p)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				c.bus.log.Debug("take partition", "partition", p, "err", err)
			}
			continue // tried again at the next meeting
		}
		c.fetchers[p] = f
	}
	held := make([]int, 0, len(c.fetchers))
	for p := range c.fetchers {
		held = append(held, p)
	}
	slices.Sort(held)
	c.held.Store(&held)
}
