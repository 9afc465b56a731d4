package jetstream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Parked is what a stage could not digest, as it came.
type Parked struct {
	Stage, ID string
	Reason    string
	Source    string
	Version   call.Version
	At        time.Time
	Subject   string // where it came from; empty for a single row, whose partition its linkedid tells
	Body      []byte // a chunk, or the message of another stage
}

const (
	headerParkedID      = "Parked-Id"
	headerParkedReason  = "Parked-Reason"
	headerParkedSource  = "Parked-Source"
	headerParkedAt      = "Parked-At"
	headerParkedSubject = "Parked-Subject"
)

// subject of a parked message. An id may hold anything, a subject's token may not.
func (p *Parked) subject() string {
	token := p.ID
	for i := range len(token) {
		if c := token[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			token = "b64_" + base64.RawURLEncoding.EncodeToString([]byte(p.ID))
			break
		}
	}
	if token == "" {
		token = "b64_"
	}
	return "parked.v1." + p.Stage + "." + token
}

// Park keeps what could not be digested until somebody handles it. The same id again replaces what was there.
func (b *Bus) Park(ctx context.Context, p Parked) error {
	msg := nats.NewMsg(p.subject())
	line := strings.NewReplacer("\r", " ", "\n", " ")
	msg.Header.Set(headerParkedID, base64.StdEncoding.EncodeToString([]byte(p.ID)))
	msg.Header.Set(headerParkedReason, line.Replace(p.Reason))
	msg.Header.Set(headerParkedSource, line.Replace(p.Source))
	msg.Header.Set(headerParkedAt, p.At.UTC().Format(time.RFC3339Nano))
	msg.Header.Set(headerParkedSubject, p.Subject)
	msg.Header.Set(headerVersion, strconv.FormatUint(uint64(p.Version), 10))
	msg.Data = s2.Encode(nil, p.Body)
	if _, err := b.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("park %s: %w", p.ID, err)
	}
	return nil
}

// ListParked gives everything that a stage parked, by subject.
func (b *Bus) ListParked(ctx context.Context, stage string, yield func(Parked) error) error {
	stream, err := b.stream(ctx, StreamPARKED)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter("parked.v1."+stage+".>"))
	if err != nil {
		return fmt.Errorf("list what %s parked: %w", stage, err)
	}
	subjects := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		subjects = append(subjects, subject)
	}
	sort.Strings(subjects)
	for _, subject := range subjects {
		msg, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // replayed meanwhile
		}
		if err != nil {
			return fmt.Errorf("list what %s parked: %w", stage, err)
		}
		p, err := parkedOf(stage, msg)
		if err != nil {
			return fmt.Errorf("read %s: %w", subject, err)
		}
		if err := yield(p); err != nil {
			return err
		}
	}
	return nil
}

func parkedOf(stage string, msg *jetstream.RawStreamMsg) (Parked, error) {
	id, err := base64.StdEncoding.DecodeString(msg.Header.Get(headerParkedID))
	if err != nil {
		return Parked{}, err
	}
	p := Parked{
		Stage: stage, ID: string(id), Reason: msg.Header.Get(headerParkedReason), Source: msg.Header.Get(headerParkedSource),
		Subject: msg.Header.Get(headerParkedSubject),
	}
	if p.At, err = time.Parse(time.RFC3339Nano, msg.Header.Get(headerParkedAt)); err != nil {
		return Parked{}, err
	}
	version, err := strconv.ParseUint(msg.Header.Get(headerVersion), 10, 64)
	if err != nil {
		return Parked{}, err
	}
	p.Version = call.Version(version)
	p.Body, err = s2.Decode(nil, msg.Data)
	return p, err
}

// Replay sends what was parked through its stage again and forgets it. A row keeps its version, so that it cannot hide a
// correction that came meanwhile. Doing it twice is harmless.
func (b *Bus) Replay(ctx context.Context, p Parked) error {
	msg, err := replayMessage(p)
	if err != nil {
		return err
	}
	if _, err := b.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("publish again: %w", err)
	}
	stream, err := b.stream(ctx, StreamPARKED)
	if err != nil {
		return err
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(p.subject())); err != nil {
		return fmt.Errorf("forget the parked message: %w", err)
	}
	return nil
}

func replayMessage(p Parked) (*nats.Msg, error) {
	if strings.HasPrefix(p.Subject, "call.") {
		msg := nats.NewMsg(p.Subject)
		msg.Data = p.Body
		return msg, nil
	}
	chunk := call.Chunk{Kind: call.KindReplay, Body: p.Body, Count: 1}
	source := p.Source
	if reader, err := call.NewReader(p.Body); err == nil {
		source, chunk.Count = reader.Origin.Source, 0
		var row call.Row
		for reader.Next(&row) {
			if chunk.Count == 0 {
				linked, _ := row.Value(reader.Origin.Table, "linkedid")
				if linked == "" {
					linked, _ = row.Value(reader.Origin.Table, "uniqueid")
				}
				chunk.Partition, chunk.First = call.Partition(linked), row.ID
			}
			chunk.Last = row.ID
			chunk.Count++
		}
	}
	msg := chunkMessage(source, &chunk)
	if p.Subject != "" {
		msg.Subject = p.Subject
	}
	msg.Header.Set(headerVersion, strconv.FormatUint(uint64(p.Version), 10))
	return msg, nil
}
