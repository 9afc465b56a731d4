package simulate

const (
	memberRings = 15 * 1000 // milliseconds a member of the support queue rings
	retry       = 1000
	supportMax  = 60 * 1000
	salesRings  = 12 * 1000
	salesMax    = 30 * 1000
)

// support is a caller, whom the PBX has answered, in the queue whose members ring one after the other.
type support struct {
	*party
	data    string
	entered Millis // the first row begins with the call, not here
	offer   Millis // when the next member rings
	member  int
	end     Millis
	last    *agent
	phone   string // its channel
}

func (b *build) support(after Millis) *support {
	p := b.fromTrunk(b.o.support, b.o.account)
	if after > 0 {
		b.truth.Dialled = b.o.ivr
	}
	return p.support(after)
}

func (p *party) support(after Millis) *support {
	o := p.b.o
	p.up, p.dst, p.context, p.queue = true, o.supportQueue, "queues", o.supportQueue
	p.b.truth.Queue = o.supportQueue
	s := &support{party: p, data: o.supportQueue + ",t,,,60", entered: p.at + after, member: o.next}
	o.next = (o.next + 1) % len(o.supportMembers)
	began := p.at
	p.at = s.entered
	p.record(o.supportQueue)
	p.at = began
	s.offer = s.entered
	return s
}

// patience is how long into the wait a member may still become free, in milliseconds.
const patience = 40 * 1000

// nextMember rings the next member who is not on the phone; where all of them are, the first to hang up.
func (s *support) nextMember() {
	members := s.b.o.supportMembers
	first := members[s.member%len(members)]
	for range members {
		m := members[s.member%len(members)]
		s.member++
		if m.free <= s.offer {
			first = m
			break
		}
		if m.free < first.free {
			first = m
		}
	}
	s.last = first
	if free := first.free; free > s.offer && free < s.entered+patience {
		s.offer = free
	}
	s.phone = s.b.ring(first)
}

// begin lets the next row begin when its member rings, unless it is the first, which began with the call.
func (s *support) begin() {
	if len(s.rows) > 0 {
		s.at = s.offer
	}
}

// missed lets a member ring in vain.
func (s *support) missed(rings Millis) {
	s.nextMember()
	s.begin()
	until := s.offer + rings
	s.add("Queue", s.data, s.phone, 0, until, noAnswer)
	s.end, s.offer = until, until+retry
}

// taken is a member who answers and talks.
func (s *support) taken() {
	s.nextMember()
	s.begin()
	from := s.offer + s.b.pickup()*7/10
	until := s.b.talk(from, s.last)
	s.add("Queue", s.data, s.phone, 0, until, answered)
	s.queued(from-s.entered, s.last.endpoint)
	s.talks(s.last.number, from, until)
	s.end = until
}

func queueAnswered(b *build) { b.queueAfter(0) }
func queueSecond(b *build)   { b.queueAfter(1) }
func queueThird(b *build)    { b.queueAfter(2) }

func (b *build) queueAfter(missed int) {
	s := b.support(0)
	for range missed {
		rings := Millis(memberRings)
		if b.g.rand.IntN(4) == 0 {
			rings = b.between(700, 4000) // the member declined
		}
		s.missed(rings)
	}
	s.taken()
	s.ended(s.end, s.phone)
}

func queueFromMenu(b *build) {
	s := b.support(b.between(3000, 9000))
	s.taken()
	s.ended(s.end, s.phone)
}

func queueAbandoned(b *build) { b.queueLost(0) }
func queueLost(b *build)      { b.queueLost(1 + b.g.rand.IntN(2)) }

// queueLost is a caller who gives up while a member rings, after others rang in vain.
func (b *build) queueLost(missed int) {
	s := b.support(0)
	for range missed {
		s.missed(memberRings)
	}
	s.missed(b.between(1000, memberRings-500))
	s.queued(s.end-s.entered, "")
	b.truth.HungUpBy = "caller"
	s.hangup(s.end, s.channel, normal)
}

// timesOut rings members until the caller has waited long enough.
func (s *support) timesOut() {
	end := s.entered + supportMax
	for s.offer+memberRings+retry < end {
		s.missed(min(memberRings, end-s.offer))
	}
	s.at = end
}

func queueTimeout(b *build) {
	s := b.support(0)
	s.timesOut()
	end := s.at + b.between(500, 1500)
	s.add("Hangup", "", "", 0, end, answered)
	s.queued(supportMax, "")
	b.prompt("timeout")
	s.hangup(end, builtin, normal)
}

// queueVoicemail is a queue that gives up and takes a message.
func queueVoicemail(b *build) {
	s := b.support(0)
	s.timesOut()
	end := s.at + b.between(6000, 40000)
	s.add("VoiceMail", b.o.supportMembers[0].number+"@default,u", "", s.at, end, answered)
	s.queued(supportMax, "")
	b.truth.AnsweredBy = append(b.truth.AnsweredBy, "voicemail")
	b.truth.HungUpBy = "caller"
	s.hangup(end, s.channel, normal)
}

func queueInternal(b *build) {
	p := b.fromPhone(b.recordedAgent(b.o.supportMembers...), "620")
	s := p.support(0)
	s.taken()
	s.ended(s.end, s.phone)
}

// queueTransfer is a member who passes the caller on; the queue's findings are on the row of the transfer.
func queueTransfer(b *build) {
	s := b.support(0)
	s.nextMember()
	s.begin()
	from := s.offer + b.pickup()*7/10
	until := b.talk(from, s.last)
	row := s.add("Queue", s.data, s.phone, 0, until, answered)
	s.talks(s.last.number, from, until)
	s.at = until
	to := b.agent(s.last)
	s.dst, s.context = to.number, "from-internal"
	row.Dst, row.Dcontext = s.dst, s.context
	channel := b.ring(to)
	again := s.at + b.pickup()
	end := b.talk(again, to)
	s.add("Dial", dialInt(to), channel, 0, end, answered)
	s.queued(from-s.entered, s.last.endpoint)
	s.talks(to.number, again, end)
	s.ended(end, channel)
}
