package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
)

// detail of the conversation, for people to read, in the memory of the understanding.
func (s *scene) detail() {
	head, root, d := s.legs[0], s.root, &s.u.detail
	*d = call.Detail{
		Src: root.Src, Dst: s.requested(), DID: root.Did, Trunk: s.trunk(), Participants: d.Participants[:0], Path: d.Path[:0],
		Recordings: d.Recordings[:0], Legs: d.Legs[:0],
	}
	d.SourceName = s.sourceName()
	d.RequestedContext = root.Dcontext
	if root.Did != "" || (call.IsDialled(d.Dst) || d.Dst == root.RangExtension || d.Dst == root.Queue) && !s.isRewritten() {
		d.RequestedExtension = d.Dst
	}
	d.RequestedName = s.u.rules.nameOf(head.OrgID, s.requestedInside())
	to := s.destination().phone()
	d.DestinationExtension, d.DestinationContext = to.RangExtension, to.Dcontext
	if to.picks {
		d.DestinationExtension = to.AnsweredBy
	}
	if d.DestinationExtension == "" {
		d.DestinationExtension = to.Dst
		switch {
		case to.b.place != outside && to != root:
			d.DestinationExtension = d.RequestedExtension
		case to.b.place == outside && (to.Dst == d.RequestedExtension && d.DID != "" || !isNumber(to.Dst)):
			// A forward keeps the number that was dialled here; where it went stands in what Dial was given.
			d.DestinationExtension = cmp.Or(numberInDial(to.Lastdata), to.Dst)
		}
	}
	d.DestinationName = s.u.rules.nameOf(head.OrgID, d.DestinationExtension)
	for _, l := range s.legs {
		if q := s.queueLeg(); q != nil && l.Queue == q.Queue && (l.Lastapp != "Queue" || l.stay == q.stay) {
			if l.QueueWait != call.NoSeconds && d.QueueWaitTime == nil {
				d.QueueWaitTime = &l.QueueWait
			}
			d.AnsweredAgent = cmp.Or(d.AnsweredAgent, l.Agent)
		}
		s.participate(d, l)
		if l.Recordingfile != "" && !slices.ContainsFunc(d.Recordings, func(r call.Recording) bool { return r.File == l.Recordingfile }) {
			d.Recordings = append(d.Recordings, call.Recording{CallID: l.recorded(s.legs).ID, File: l.Recordingfile})
		}
	}
	for _, l := range s.every {
		d.Legs = append(d.Legs, call.Leg{ID: l.ID, Kind: l.LegKind})
	}
	end := s.closing()
	d.HangupCause, d.HangupReason, d.HangupSource = end.HangupCause, end.HangupReason, end.HangupSource
	d.Path = s.path(d.Path)
}

// recorded is the leg by which a recording is best asked for: one that talked, of those that name the file.
func (l *leg) recorded(legs []*leg) *leg {
	best := l
	for _, o := range legs {
		if o.Recordingfile == l.Recordingfile && o.Billsec > best.Billsec {
			best = o
		}
	}
	return best
}

func (s *scene) participate(d *call.Detail, l *leg) {
	if l.consults && l.LegKind == call.LegConsult && l.CallerExtension == "" {
		return
	}
	s.u.parties = l.Participants(s.u.parties[:0])
	for _, p := range s.u.parties {
		i := slices.IndexFunc(d.Participants, func(o call.Participant) bool { return o.Extension == p.Extension })
		if i < 0 {
			p.Name = s.u.rules.nameOf(l.OrgID, p.Extension)
			d.Participants = append(d.Participants, p)
			continue
		}
		known := &d.Participants[i]
		known.Rang, known.Answered = known.Rang || p.Rang, known.Answered || p.Answered
	}
	if l.RangExtension == "" && l.AnsweredBy != "" && !slices.ContainsFunc(d.Participants, func(o call.Participant) bool { return o.Extension == l.AnsweredBy }) {
		d.Participants = append(d.Participants, call.Participant{
			Extension: l.AnsweredBy, Name: s.u.rules.nameOf(l.OrgID, l.AnsweredBy), Answered: true,
		})
	}
}

// path of the caller: repeated steps at the same place and time are one.
func (s *scene) path(steps []call.Step) []call.Step {
	for _, l := range s.legs {
		if l.goesOn || l.LegKind == call.LegTail || l.LegKind == call.LegConsult || l.LegKind == call.LegPickup && l.Dstchannel == "" || l.outer != nil && l.outer.Dstchannel != "" {
			continue
		}
		s.u.steps = l.Path(s.u.steps[:0])
		for _, step := range s.u.steps {
			if step.Kind == "rang" && l.stranger {
				continue // it had rung before, for somebody else
			}
			seen := slices.ContainsFunc(steps, func(o call.Step) bool {
				return o.Kind == step.Kind && o.Who == step.Who && (step.Kind == "queue" || o.At == step.At)
			})
			if !seen {
				steps = append(steps, step)
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b call.Step) int { return int(a.At - b.At) })
	return steps
}

// trunk by which the conversation came or went.
func (s *scene) trunk() string {
	if s.settled.direction != call.Outbound {
		return s.root.Trunk
	}
	// Of several that were tried the one that put it through counts, else the last.
	name := s.root.Trunk
	for _, l := range s.legs {
		if l.b.place == outside {
			name = l.b.endpoint
			if l.talked() {
				break
			}
		}
	}
	return name
}

// requested is what the caller dialled: the number of the outside world, or the dialled extension; a Goto may have put a
// label over it, and then the row says no better.
func (s *scene) requested() string {
	if s.root.Did != "" {
		return s.root.Did
	}
	for l := s.root.firstOfChain(); l != nil; l = l.next {
		if isNumber(l.Dst) {
			return l.Dst
		}
	}
	if s.settled.direction == call.Outbound || s.settled.direction == call.Internal {
		// A macro writes s, a Goto its label: then what Dial was given tells, if that is one number.
		for l := s.root.firstOfChain(); l != nil && !s.root.a.local; l = l.next {
			if number := s.u.rules.calledByDial(l.Lastdata); l.Lastapp == "Dial" && !strings.Contains(l.Lastdata, "&") && number != "" {
				return number
			}
		}
	}
	return s.root.Dst
}

// isRewritten tells whether a blind transfer wrote its target over what an outside caller had dialled, as it does in the rows
// before it as well.
func (s *scene) isRewritten() bool {
	if s.origin(s.root) != outside {
		return false
	}
	for l := s.root.next; l != nil; l = l.next {
		if l.LegKind == call.LegTransfer && l.Dst == s.root.Dst {
			return true
		}
	}
	return false
}

// requestedInside is the extension that was rung first.
func (s *scene) requestedInside() string {
	for _, l := range s.legs {
		if l.RangExtension != "" {
			return l.RangExtension
		}
	}
	return s.root.Dst
}

// destination is the leg of whoever ended up with the call: the first to answer, else the first to ring.
func (s *scene) destination() *leg {
	if s.settled.human != nil {
		return s.settled.human
	}
	for _, l := range s.legs {
		if l.Dstchannel != "" {
			return l
		}
	}
	return s.root
}
