package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/process"
)

// closed is a channel that is.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// next sends what has happened since the last time and gives what tells that there is more.
func (l *listener) next(ctx context.Context) (changed <-chan struct{}) {
	list, next, changed, err := l.hub.after(l.at)
	switch {
	case errors.Is(err, errAhead) && !l.joined:
		return l.catchUp(ctx) // which finds out whether there is such a place at all
	case errors.Is(err, errElsewhere) && l.at.born > l.hubBorn():
		return changed // of a stream that this process has yet to hear of
	case errors.Is(err, errElsewhere):
		l.reset()
		return closed
	case errors.Is(err, errBehind) && l.joined:
		// What it has missed is in the stream. It comes back for it when it can, and holds nothing up here meanwhile.
		l.end("too_slow")
		return closed
	case errors.Is(err, errBehind):
		return l.catchUp(ctx)
	}
	l.joined, l.repeats = true, repeats{}
	if err != nil {
		return changed
	}
	if l.past && len(list) > 0 {
		if list, err = l.hub.refreshed(ctx, list); err != nil {
			return later()
		}
	}
	l.send(list, next)
	if len(list) == atOnce {
		return closed
	}
	l.past = false
	return changed
}

func (l *listener) hubBorn() int64 {
	at, _ := l.hub.here()
	return at.born
}

// catchUp sends a page out of the stream.
func (l *listener) catchUp(ctx context.Context) <-chan struct{} {
	list, next, err := l.hub.catchUp(ctx, l.at, &l.repeats)
	switch {
	case errors.Is(err, errGone):
		l.reset()
	case err != nil: // NATS or the history is away
		return later()
	default:
		l.joined = len(list) == 0 && l.at == next // the end of the stream, wherever the ring stands
		l.send(list, next)
	}
	return closed
}

// later is closed after a second or so, not for all at once.
func later() <-chan struct{} {
	due := make(chan struct{})
	time.AfterFunc((&process.Backoff{First: time.Second}).Next(), func() { close(due) })
	return due
}

// send what the holder may see of it.
func (l *listener) send(list []*happening, next place) {
	const piece = 32 << 10
	var text []byte
	for _, x := range list {
		text = l.appendHappening(text, x)
		if len(text) >= piece {
			if l.write(text); l.err != nil {
				return
			}
			text = text[:0]
		}
		l.at.seq = x.seq
	}
	if l.at = next; len(text) > 0 {
		l.write(text)
	}
}

// appendHappening appends the event that a happening is to this listener, if it is one:
//
//   - A call that the filter lets through is shown.
//   - One that was corrected and is not let through may have been before: it is removed.
//   - One that left the organisation is removed, whatever the filter: what it was is not known any more.
func (l *listener) appendHappening(dst []byte, x *happening) []byte {
	if !slices.Contains(l.scope.Orgs, x.org) {
		return dst
	}
	switch {
	case x.call != nil && l.filter.Matches(x.call):
		dst = append(l.appendHead(dst, "call", x), "data: "...)
		return append(append(dst, x.shownTo(l.holder)...), "\n\n"...)
	case x.kind == call.EventNew:
		return dst
	case x.kind == call.EventErased:
		dst = l.appendHead(dst, "erased", x)
	default:
		dst = l.appendHead(dst, "removed", x)
	}
	dst = strconv.AppendUint(append(dst, `data: {"id":`...), x.id, 10)
	dst = strconv.AppendUint(append(dst, `,"org_id":`...), uint64(x.org), 10)
	return append(dst, "}\n\n"...)
}

func (l *listener) appendHead(dst []byte, event string, x *happening) []byte {
	dst = append(append(append(dst, "event: "...), event...), "\nid: "...)
	return append(append(dst, l.hub.places.id(place{l.at.born, x.seq})...), '\n')
}

// begin tells how soon to come back after a break, and where the stream begins. An id without data is kept by the caller
// and no event to it.
func (l *listener) begin() {
	l.write([]byte("retry: 2000\nid: " + l.hub.places.id(l.at) + "\n\n"))
}

// beat keeps the connection alive, and the caller's place new: by its own events alone it would grow old behind a narrow
// filter. Each beat has an id, since one now and then would tell when something happens that the caller may not see.
func (l *listener) beat() {
	l.write([]byte(": still here\nid: " + l.hub.places.id(l.at) + "\n\n"))
}

// reset tells that what came behind the caller's place cannot be told any more, and goes on from now.
func (l *listener) reset() {
	l.at, _ = l.hub.here()
	l.joined = true
	l.write([]byte("event: reset\nid: " + l.hub.places.id(l.at) + "\ndata: {\"code\":\"position_gone\"}\n\n"))
}

// end the stream, telling why.
func (l *listener) end(code string) {
	l.write([]byte("event: end\ndata: {\"code\":\"" + code + "\"}\n\n"))
	if l.err == nil {
		l.err = errEnded
	}
}

// write, and give a caller up that takes nothing for as long as patience.
func (l *listener) write(text []byte) {
	_ = l.control.SetWriteDeadline(time.Now().Add(l.patience))
	if _, l.err = l.out.Write(text); l.err == nil {
		l.err = l.control.Flush()
	}
}
