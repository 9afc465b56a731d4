package main

import "github.com/cdrflow/cdrflow/services/call"

// entries keeps on the first row of each stay in a queue what the stay came to, and on each row whom it called: what
// statistics count. A stay of several rows, one for each member that rang, is one entry.
func (s *scene) entries() {
	for _, l := range s.legs {
		l.Called = s.calledBy(l)
		if !l.isIn(l) {
			continue
		}
		rows, after := s.stayFrom(l)
		l.Entry = call.Entry{Outcome: s.entryEnd(l, rows, after), Wait: call.NoSeconds, Talk: talkOf(rows)}
		for _, o := range rows {
			// The wait that ended with an answer is the one; rows of members who did not answer may know none.
			if o.QueueWait != call.NoSeconds && (l.Entry.Wait == call.NoSeconds || o.talked()) {
				l.Entry.Wait = o.QueueWait
			}
		}
	}
}

// stayFrom gives the rows of the stay that begins with a row, and where the caller went after it; what the dialplan did
// when the call was over is nowhere.
func (s *scene) stayFrom(first *leg) (rows []*leg, after *leg) {
	for l := first; l != nil; l = l.next {
		switch {
		case l.isIn(first):
			rows = append(rows, l)
		case l.LegKind != call.LegTail && !l.tidiesUp() && (l.Duration > 0 || l.Dstchannel != ""):
			return rows, l
		}
	}
	return rows, nil
}

// entryEnd says how a stay ended. A caller who went on elsewhere has not hung up; whether the time was up, a key was
// pressed or nobody was logged in is told only where the rows show that the time was.
func (s *scene) entryEnd(first *leg, rows []*leg, after *leg) call.EntryOutcome {
	for _, l := range rows {
		if l.talked() {
			return call.EntryAnswered
		}
	}
	return s.stayEnd(first, after)
}

// calledBy says whom a leg called, or which phone took its call unasked; the row behind a Local channel speaks for it.
func (s *scene) calledBy(l *leg) call.Called {
	switch {
	case l.LegKind == call.LegTail, l.LegKind == call.LegSpy, l.LegKind == call.LegConference, l.phone() != l:
		return call.CalledNobody
	case l.picks && l.AnsweredBy != "", l.LegKind == call.LegOriginate && l.RangExtension != "":
		return call.CalledPhone
	case l.Dstchannel == "" || !l.rings():
		return call.CalledNobody
	case l.b.place == outside:
		return call.CalledTrunk
	case l.RangExtension != "":
		return call.CalledPhone
	}
	return call.CalledNobody
}
