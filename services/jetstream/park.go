package jetstream

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/cdrflow/cdrflow/services/call"
)

// Parked is what a stage could not digest, as it came.
type Parked struct {
	Stage   string
	ID      string // any text, one message each
	Reason  string
	Source  string
	Version call.Version // that it had, and keeps when it is replayed
	At      time.Time
	Subject string // that it came by; empty for a single row, whose linkedid says where it belongs
	Body    []byte // a chunk, or the message as it came

	sequence uint64 // of the parked message, 0 where it was not listed
}

// headerParked holds what is known about a parked message as JSON: a reason may have line breaks, which end a header.
const headerParked = "Cdr-Parked"

type about struct {
	Reason  string       `json:"reason"`
	Source  string       `json:"source,omitempty"`
	Version call.Version `json:"version,omitempty"`
	At      time.Time    `json:"at"`
	Subject string       `json:"subject,omitempty"`
}

// A server takes at most 64 KiB of headers.
const longestReason = 4 << 10

// Park keeps what a stage cannot digest until somebody handles it. The same id again replaces what was there.
func (b *Bus) Park(ctx context.Context, p Parked) error {
	subject, err := parkedSubject(p.Stage, p.ID)
	if err != nil {
		return err
	}
	text, err := json.Marshal(about{Reason: short(p.Reason), Source: p.Source, Version: p.Version, At: p.At.UTC(), Subject: p.Subject})
	if err != nil {
		return fmt.Errorf("park %s: %w", p.ID, err)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	m := &nats.Msg{Subject: subject, Data: compress(buffer, p.Body), Header: nats.Header{
		headerParked: []string{string(text)}, headerEncoding: []string{encodingS2},
	}}
	if _, err := b.js.PublishMsg(ctx, m); err != nil {
		return fmt.Errorf("park %s: %w", p.ID, verdict(err))
	}
	return nil
}

// listAtOnce and listBytes bound what one question brings.
const (
	listAtOnce = 256
	listBytes  = 4 << 20
)

// ListParked yields what a stage has parked, the longest parked first, until yield returns an error, which it returns.
// What is parked or replayed meanwhile may be among it or not.
func (b *Bus) ListParked(ctx context.Context, stage string, yield func(Parked) error) error {
	if err := subjectToken("stage", stage); err != nil {
		return err
	}
	prefix := "parked.v1." + stage + "."
	for next := uint64(1); ; {
		page, err := b.parkedFrom(ctx, prefix, next)
		if err != nil {
			return fmt.Errorf("list what %s parked: %w", stage, err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, m := range page {
			next = m.Sequence + 1
			p, err := readParked(stage, strings.TrimPrefix(m.Subject, prefix), m)
			if err != nil {
				return fmt.Errorf("read %s: %w", m.Subject, err)
			}
			if err := yield(p); err != nil {
				return err
			}
		}
	}
}

func (b *Bus) parkedFrom(ctx context.Context, prefix string, sequence uint64) ([]*jetstream.RawStreamMsg, error) {
	if _, err := b.stream(ctx, StreamPARKED); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	all, err := jetstreamext.GetBatch(ctx, b.js, StreamPARKED, listAtOnce,
		jetstreamext.GetBatchSeq(sequence), jetstreamext.GetBatchSubject(prefix+">"), jetstreamext.GetBatchMaxBytes(listBytes))
	if err != nil {
		return nil, err
	}
	var page []*jetstream.RawStreamMsg
	for m, err := range all {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return page, nil
		}
		if err != nil {
			return nil, err
		}
		page = append(page, m)
	}
	return page, ctx.Err() // the iterator ends without a word when time is up
}

func readParked(stage, token string, m *jetstream.RawStreamMsg) (Parked, error) {
	id, err := unescape(token)
	if err != nil {
		return Parked{}, err
	}
	var a about
	if err := json.Unmarshal([]byte(m.Header.Get(headerParked)), &a); err != nil {
		return Parked{}, fmt.Errorf("read header %s: %w", headerParked, err)
	}
	body, err := decompress(m.Header.Get(headerEncoding), m.Data)
	if err != nil {
		return Parked{}, err
	}
	return Parked{
		Stage: stage, ID: id, Reason: a.Reason, Source: a.Source, Version: a.Version, At: a.At, Subject: a.Subject, Body: body,
		sequence: m.Sequence,
	}, nil
}

func parkedSubject(stage, id string) (string, error) {
	if err := subjectToken("stage", stage); err != nil {
		return "", err
	}
	if len(id) > 512 {
		return "", fmt.Errorf("park an id of %d bytes, want at most 512", len(id))
	}
	return "parked.v1." + stage + "." + escape(id), nil
}

// escape makes a token of a subject of any text: what may not stand there becomes = and two hexadecimal digits, and the
// empty text a single =.
func escape(id string) string {
	if id == "" {
		return "="
	}
	var token strings.Builder
	for _, c := range []byte(id) {
		if plainToken(c) {
			token.WriteByte(c)
			continue
		}
		token.WriteString("=" + hex.EncodeToString([]byte{c}))
	}
	return token.String()
}

func unescape(token string) (string, error) {
	if token == "=" {
		return "", nil
	}
	first, rest, _ := strings.Cut(token, "=")
	var id strings.Builder
	id.WriteString(first)
	for part := range strings.SplitSeq(rest, "=") {
		if part == "" {
			continue
		}
		c, err := hex.DecodeString(part[:min(2, len(part))])
		if err != nil || len(c) != 1 {
			return "", fmt.Errorf("%q is no escaped id", token)
		}
		id.Write(c)
		id.WriteString(part[2:])
	}
	return id.String(), nil
}

// short is a reason on one line, as lists show it.
func short(reason string) string {
	reason = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(reason)
	if len(reason) <= longestReason {
		return reason
	}
	cut := longestReason
	for cut > 0 && !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut] + "…"
}
