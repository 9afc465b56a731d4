package simulate

import "strconv"

// party is a Party A: a channel that owns rows.
type party struct {
	b                 *build
	clid, src         string
	dst, context      string
	channel, account  string
	uniqueid, linked  string
	queue, recording  string
	recordingSeconds  int  // place in the truth's recordings
	up                bool // answered before it dialled, as by an IVR
	at                Millis
	sequence          int // of the first row
	rows              []Row
	userfieldOfCallee string
}

// secondHalf is the half of a Local channel that runs the dialplan: a Party A of its own in the caller's conversation.
func (p *party) secondHalf(local, exten, context string, at Millis) *party {
	q := p.b.party(p.clid, p.src, local+";2", p.account, at)
	q.linked, q.dst, q.context = p.linked, exten, context
	return q
}

// add appends a row from p.at to until; answer 0 means that nobody picked up.
func (p *party) add(app, data, dstchannel string, answer, until Millis, disposition string) *Row {
	if p.up {
		answer = p.at
	}
	r := Row{
		Start: p.at, Answer: answer, End: until,
		Clid: p.clid, Src: p.src, Dst: p.dst, Dcontext: p.context, Channel: p.channel, Dstchannel: dstchannel,
		Lastapp: app, Lastdata: data, Disposition: disposition, Account: p.account, Uniqueid: p.uniqueid,
		Linkedid: p.linked, Sequence: p.sequence, Queue: p.queue, QueueWait: -1, Recording: p.recording,
	}
	if len(p.rows) > 0 {
		r.Sequence = p.b.g.sequence()
	}
	// The dialled channel inherits the caller's account; Queue does not pass it on.
	if dstchannel != "" && app != "Queue" {
		r.Peeraccount = p.account
	}
	p.rows = append(p.rows, r)
	return &p.rows[len(p.rows)-1]
}

// tail is the short row that the rest of the dialplan leaves behind.
func (p *party) tail(dst, app, data, disposition string) {
	p.dst = dst
	p.add(app, data, "", 0, p.at, disposition)
}

// hangup ends the channel: its rows are written. The hang-up handler can reach the last of them only.
func (p *party) hangup(at Millis, source string, cause int) {
	r := &p.rows[len(p.rows)-1]
	r.Userfield = "hangupsource=" + source + "|hangupcause=" + strconv.Itoa(cause) + p.userfieldOfCallee
	p.gone(at)
}

// gone ends a channel that has no hang-up handler.
func (p *party) gone(at Millis) {
	c := p.b.conversation
	c.Hangups = append(c.Hangups, Hangup{At: at, Rows: p.rows, Of: c})
}

// queued puts what the queue found out on the last row.
func (p *party) queued(wait Millis, member string) {
	r := &p.rows[len(p.rows)-1]
	r.QueueWait, r.Agent = int(wait/1000), member
	p.b.truth.QueueWait = r.QueueWait
}

// record starts MixMonitor: the file is named before anybody answers.
func (p *party) record(called string) {
	s := append(p.at.Time().In(p.b.g.cfg.Zone).AppendFormat(nil, "20060102-150405"), '-')
	s = append(append(s, p.uniqueid...), '-')
	s = append(append(s, digits(p.src)...), '-')
	p.recording = string(append(append(s, called...), ".wav"...))
	p.recordingSeconds = len(p.b.truth.Recordings)
	p.b.truth.Recordings = append(p.b.truth.Recordings, Recording{File: p.recording})
}

// talks notes a conversation of p with who, from until.
func (p *party) talks(who string, from, until Millis) {
	t := p.b.truth
	t.AnsweredBy = append(t.AnsweredBy, who)
	if t.Wait < 0 {
		t.Wait = seconds(from - p.b.start)
	}
	t.Talk += seconds(until - from)
	if p.recording != "" {
		t.Recordings[p.recordingSeconds].Seconds += seconds(until - from)
	}
}

func seconds(m Millis) float64 { return float64(m) / 1000 }

// ended is the end of an answered call between two channels, by either of them.
func (p *party) ended(at Millis, other string) {
	if p.b.callerHangs() {
		p.hangup(at, p.channel, normal)
		return
	}
	p.hangup(at, other, normal)
}
