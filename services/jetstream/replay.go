package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Replay sends what was parked through its stage again and removes it from the lot: rows as a chunk of kind replay with
// their first version, so that they cannot hide a correction that came since, and any other message on its subject. Of
// a listed one that was replayed already, or parked anew since, nothing is sent. To do it twice is harmless in any case.
func (b *Bus) Replay(ctx context.Context, p Parked) error {
	s, err := b.stream(ctx, StreamPARKED)
	if err != nil {
		return err
	}
	if p.sequence != 0 {
		_, err := s.GetMsg(ctx, p.sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look %s up: %w", p.ID, err)
		}
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	m, err := p.again(buffer)
	if err != nil {
		return fmt.Errorf("replay %s: %w", p.ID, err)
	}
	if _, err := b.js.PublishMsg(ctx, m); err != nil {
		return fmt.Errorf("replay %s: %w", p.ID, verdict(err))
	}
	return b.unpark(ctx, s, &p)
}

// unpark removes a parked message, but not one that took its place when the replay failed again.
func (b *Bus) unpark(ctx context.Context, s jetstream.Stream, p *Parked) error {
	var err error
	if p.sequence != 0 {
		err = s.DeleteMsg(ctx, p.sequence)
		if errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
			if _, getErr := s.GetMsg(ctx, p.sequence); errors.Is(getErr, jetstream.ErrMsgNotFound) {
				err = nil
			}
		}
	} else {
		var subject string
		if subject, err = parkedSubject(p.Stage, p.ID); err == nil {
			err = s.Purge(ctx, jetstream.WithPurgeSubject(subject))
		}
	}
	if err != nil {
		return fmt.Errorf("remove %s from the lot: %w", p.ID, err)
	}
	return nil
}

// again is the message that p came in, or the chunk that a single row makes.
func (p *Parked) again(buffer *[]byte) (*nats.Msg, error) {
	if p.Subject != "" && !strings.HasPrefix(p.Subject, "cdr.v1.") {
		return &nats.Msg{Subject: p.Subject, Data: p.Body}, nil
	}
	c := call.Chunk{Kind: call.KindReplay, Body: p.Body}
	source := p.Source
	reader, err := call.NewReader(p.Body)
	if err != nil && p.Subject == "" {
		return nil, err
	}
	if err == nil {
		source = reader.Origin.Source
		count(reader, &c)
	}
	if err := subjectToken("source", source); err != nil && p.Subject == "" {
		return nil, err
	}
	m := chunkMessage(source, &c, compress(buffer, p.Body))
	if p.Subject != "" {
		m.Subject = p.Subject
	}
	m.Header.Set(headerVersion, strconv.FormatUint(uint64(p.Version), 10))
	return m, nil
}

// count fills in what a chunk's headers say, and the partition its rows belong to. A chunk that breaks off counts as far
// as it can be read.
func count(reader *call.Reader, c *call.Chunk) {
	var row call.Row
	for reader.Next(&row) {
		if c.Count == 0 {
			conversation, _ := row.Value(reader.Origin.Table, "linkedid")
			if conversation == "" {
				conversation, _ = row.Value(reader.Origin.Table, "uniqueid")
			}
			c.Partition, c.First = call.Partition(conversation), row.ID
		}
		c.First, c.Last = min(c.First, row.ID), max(c.Last, row.ID)
		c.Count++
	}
}
