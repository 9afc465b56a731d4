package main

import (
	"cmp"
	"slices"

	"github.com/cdrflow/cdrflow/services/call"
)

// expected tells what the answer and the end of a row are near to, which began at a time: the lengths are true seconds, also
// in the night in which the local time goes back by an hour.
func expected(t *call.Table, row *call.Row, began call.Instant) (answered, ended call.Instant) {
	length, known := lengthIn(t, row, "duration")
	if !known {
		return began, began
	}
	ended = began + call.Instant(length)*1000
	if talk, known := lengthIn(t, row, "billsec"); known && talk <= length {
		return ended - call.Instant(talk)*1000, ended
	}
	return began, ended
}

// lengthIn a column, in seconds; false where it is none, or says nothing that a call can be as long as.
func lengthIn(t *call.Table, row *call.Row, column string) (int, bool) {
	text, given := row.Value(t, column)
	if !given || text == "" || len(text) > 8 {
		return 0, false
	}
	n := digits(text)
	return n, n >= 0
}

// secondHour reads rows once more that may lie in either hour of an autumn night. The uniqueid says when the channel was
// made, so a row that its channel wrote more than half an hour later was taken for one of the first hour. It is of the second
// where it then begins as another of the channel's rows ends, and does not where it stands.
func (u *understanding) secondHour() {
	if !slices.ContainsFunc(u.order, u.mayBeLater) {
		return
	}
	slices.SortStableFunc(u.order, func(a, b *leg) int {
		return cmp.Or(cmp.Compare(a.Calldate, b.Calldate), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.ID, b.ID))
	})
	for i, l := range u.order {
		later, may := u.secondReading(l)
		if before := u.order[:i]; may && l.begins(later, before) && !l.begins(l.Calldate, before) {
			u.move(l, later)
		}
	}
}

func (u *understanding) mayBeLater(l *leg) bool {
	_, may := u.secondReading(l)
	return may
}

// secondReading of a leg's calldate, where its local time was shown twice and it was read as the first.
func (u *understanding) secondReading(l *leg) (call.Instant, bool) {
	clock := u.habits.clocks[l.Source]
	if clock == nil || l.Uniqueid == "" || l.Flagged(call.FlagUTC) || l.Flagged(call.FlagCalldateInvalid) {
		return 0, false
	}
	return clock.secondReading(l.Calldate, l.CalldateOffset)
}

// begins tells whether a row of the same channel ends where l would begin.
func (l *leg) begins(at call.Instant, rows []*leg) bool {
	return slices.ContainsFunc(rows, func(o *leg) bool {
		return o.Uniqueid == l.Uniqueid && o.Channel == l.Channel && distance(o.end(), at) <= sameSecond
	})
}

// move a leg to the second hour, with its answer and its end.
func (u *understanding) move(l *leg, to call.Instant) {
	clock, by := u.habits.clocks[l.Source], to-l.Calldate
	for _, one := range []struct {
		at     *call.Instant
		offset *int32
	}{{&l.Calldate, &l.CalldateOffset}, {&l.Answer, &l.AnswerOffset}, {&l.End, &l.EndOffset}} {
		if *one.at != call.NoInstant {
			*one.at, *one.offset = clock.near(*one.at+call.Instant(*one.offset)*1000, *one.at+by)
		}
	}
}
