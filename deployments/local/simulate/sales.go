package simulate

// sales is the queue whose members all ring at once, each through a Local channel with two rows: one of the caller's, and
// a twin of the Local channel itself, which is written when that channel ends. The caller is not answered before a
// member is.
type sales struct {
	*party
	data string
}

// offer is one member who rings.
type offer struct {
	a             *agent
	local, member string
	half          *party
	channel       string
}

func (b *build) sales() *sales {
	p := b.fromTrunk(b.o.sales, b.o.account)
	p.queue, b.truth.Queue = b.o.salesQueue, b.o.salesQueue
	return &sales{party: p, data: b.o.salesQueue + ",t,,,30"}
}

// available are the members who are not on the phone, three at most; all three when nobody is free.
func (b *build) available() []*agent {
	const together = 3
	var free []*agent
	for _, a := range b.o.salesMembers {
		if a.free <= b.start && len(free) < together {
			free = append(free, a)
		}
	}
	if len(free) == 0 {
		return b.o.salesMembers[:together]
	}
	return free
}

// ringAll lets all members ring from at on.
func (s *sales) ringAll(at Millis, members []*agent) []offer {
	b := s.b
	offers := make([]offer, len(members))
	for i, a := range members {
		local := b.g.local(a.number, "from-queue")
		offers[i] = offer{a: a, local: local, member: "Local/" + a.number + "@from-queue/n"}
		offers[i].half = s.secondHalf(local, a.number, "from-queue", at)
		offers[i].channel = b.ring(a)
	}
	return offers
}

// quiet ends the ringing of a member who did not answer.
func (o *offer) quiet(at Millis) {
	o.half.add("Dial", o.a.endpoint+",20", o.channel, 0, at, noAnswer)
	o.half.gone(at)
}

// quietAll ends the ringing of all, with the caller's rows of it.
func (s *sales) quietAll(offers []offer, at Millis) {
	for i := range offers {
		offers[i].quiet(at)
	}
	for i := range offers {
		s.add("Queue", s.data, offers[i].local+";1", 0, at, noAnswer)
	}
}

func salesAnswered(b *build) {
	s := b.sales()
	offers := s.ringAll(s.at, b.available())
	who := b.g.rand.IntN(len(offers))
	from := s.at + min(b.pickup(), salesRings-500)
	until := b.talk(from, offers[who].a)
	for i := range offers {
		one := &offers[i]
		if i == who {
			one.half.add("Dial", one.a.endpoint+",20", one.channel, from, until, answered)
			one.half.gone(until)
			continue
		}
		one.quiet(from)
	}
	for i := range offers {
		if i == who {
			s.add("Queue", s.data, offers[i].local+";1", from, until, answered)
			continue
		}
		s.add("Queue", s.data, offers[i].local+";1", 0, from, noAnswer)
	}
	s.queued(from-b.start, offers[who].member)
	s.talks(offers[who].a.number, from, until)
	// The source is lost on the way through the Local channel when the member hangs up.
	source := ""
	if b.callerHangs() {
		source = s.channel
	}
	s.hangup(until+5, source, normal)
}

func salesAbandoned(b *build) {
	s := b.sales()
	end := s.at + b.between(1500, salesRings)
	s.quietAll(s.ringAll(s.at, b.available()), end)
	s.queued(end-b.start, "")
	b.truth.HungUpBy = "caller"
	s.hangup(end+5, s.channel, cancelled)
}

// salesTimeout rings everybody twice, then gives up.
func salesTimeout(b *build) {
	s := b.sales()
	s.quietAll(s.ringAll(s.at, b.available()), s.at+salesRings)
	s.at += salesRings + retry
	end := b.start + salesMax
	s.quietAll(s.ringAll(s.at, b.available()), end)
	s.at = end
	s.tail(s.dst, "Hangup", "", failed)
	s.queued(salesMax, "")
	b.truth.HungUpBy = "timeout"
	s.hangup(end+5, builtin, normal)
}

// salesGroup is the same through Dial: a ring group of Local channels, called from inside.
func salesGroup(b *build) {
	p := b.fromPhone(b.agent(b.o.salesMembers...), "601")
	s := &sales{party: p}
	offers := s.ringAll(p.at, b.o.salesMembers[:2])
	s.data = offers[0].member + "&" + offers[1].member + ",20"
	from := p.at + b.pickup()
	until := b.talk(from, offers[1].a)
	offers[0].quiet(from)
	offers[1].half.add("Dial", offers[1].a.endpoint+",20", offers[1].channel, from, until, answered)
	offers[1].half.gone(until)
	p.add("Dial", s.data, offers[0].local+";1", 0, from, noAnswer)
	p.add("Dial", s.data, offers[1].local+";1", from, until, answered)
	p.talks(offers[1].a.number, from, until)
	b.truth.HungUpBy = "callee"
	p.hangup(until+5, "", normal)
}
