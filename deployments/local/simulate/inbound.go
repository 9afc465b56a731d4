package simulate

func dial(a *agent) string    { return a.endpoint + ",20,t" }
func dialInt(a *agent) string { return a.endpoint + ",20,tT" }

// direct is a call to somebody's own number.
func (b *build) direct() (*party, *agent) {
	a := b.agent()
	p := b.fromTrunk(a.did, a.account)
	if !a.plain {
		p.record(a.did)
	}
	return p, a
}

func inAnswered(b *build) {
	p, a := b.direct()
	p.answeredBy(a)
}

// answeredBy is a phone that rings and is taken.
func (p *party) answeredBy(a *agent) {
	b := p.b
	channel := b.ring(a)
	from := p.at + b.pickup()
	until := b.talk(from, a)
	p.add("Dial", dial(a), channel, from, until, answered)
	p.talks(a.number, from, until)
	p.ended(until, channel)
}

func inAbandoned(b *build) {
	p, a := b.direct()
	p.givesUp(dial(a), b.ring(a))
}

// givesUp is a caller who hangs up while a phone rings.
func (p *party) givesUp(data, channel string) {
	end := p.at + p.b.between(900, ringing-1000)
	p.b.truth.HungUpBy = "caller"
	p.add("Dial", data, channel, 0, end, noAnswer)
	cause := cancelled
	if p.up {
		cause = normal
	}
	p.hangup(end, p.channel, cause)
}

func inTimeout(b *build) {
	p, a := b.direct()
	channel := b.ring(a)
	p.add("Dial", dial(a), channel, 0, p.at+ringing, noAnswer)
	p.at += ringing
	p.tail(p.dst, "Hangup", "", failed)
	b.truth.HungUpBy = "timeout"
	p.hangup(p.at, builtin, normal)
}

func inBusy(b *build) {
	p, a := b.direct()
	end := p.at + b.between(60, 400)
	p.add("Dial", dial(a), b.ring(a), 0, end, busy)
	p.at = end
	p.tail(p.dst, "Hangup", "", busy)
	b.truth.HungUpBy = "busy"
	p.hangup(end, builtin, userBusy)
}

// ringGroup lets three phones ring; the one at place answers, or none of them for -1. Each phone has a row.
func (p *party) ringGroup(data string, group []*agent, place int) {
	b := p.b
	channels := make([]string, len(group))
	for i, a := range group {
		channels[i] = b.ring(a)
	}
	if place < 0 {
		end := p.at + b.between(1500, ringing)
		for _, channel := range channels {
			p.add("Dial", data, channel, 0, end, noAnswer)
		}
		b.truth.HungUpBy = "caller"
		p.hangup(end, p.channel, cancelled)
		return
	}
	from := p.at + b.pickup()
	until := b.talk(from, group[place])
	engaged := -1
	if place != 0 && b.g.rand.IntN(4) == 0 {
		engaged = 0
	}
	for i, channel := range channels {
		switch i {
		case place:
			p.add("Dial", data, channel, from, until, answered)
		case engaged:
			p.add("Dial", data, channel, 0, p.at+800, busy)
		default:
			p.add("Dial", data, channel, 0, from, noAnswer)
		}
	}
	p.talks(group[place].number, from, until)
	p.ended(until, channels[place])
}

func endpoints(group []*agent) string {
	return group[0].endpoint + "&" + group[1].endpoint + "&" + group[2].endpoint
}

func inRingGroup(b *build) {
	p := b.fromTrunk(b.o.ring, b.o.account)
	p.ringGroup(endpoints(b.o.group)+",20,t", b.o.group, b.g.rand.IntN(3))
}

func inRingGroupMissed(b *build) {
	p := b.fromTrunk(b.o.ring, b.o.account)
	p.ringGroup(endpoints(b.o.group)+",20,t", b.o.group, -1)
}

func inVoicemail(b *build) {
	a := b.agent()
	p := b.fromTrunk(b.o.mailbox, b.o.account)
	p.add("Dial", a.endpoint+",15,t", b.ring(a), 0, p.at+15000, noAnswer)
	p.at += 15000
	p.voicemail(a)
}

// voicemail takes a message for somebody who did not answer; the caller hangs up at its end.
func (p *party) voicemail(a *agent) {
	b := p.b
	end := p.at + b.between(6000, 40000)
	p.add("VoiceMail", a.number+"@default,u", "", p.at, end, answered)
	b.truth.AnsweredBy = append(b.truth.AnsweredBy, "voicemail")
	b.truth.HungUpBy = "caller"
	p.hangup(end, p.channel, normal)
}

// inClosed is the announcement out of hours.
func inClosed(b *build) {
	p := b.fromTrunk(b.o.closed, b.o.account)
	p.up = true
	end := p.at + b.between(500, 1900)
	p.add("Hangup", "", "", 0, end, answered)
	b.prompt("system")
	p.hangup(end, builtin, normal)
}

// prompt says that nobody but a prompt answered.
func (b *build) prompt(hungUpBy string) {
	b.truth.AnsweredBy = append(b.truth.AnsweredBy, "prompt")
	b.truth.HungUpBy = hungUpBy
}

// inUnknown is a call to a number of ours that nobody uses.
func inUnknown(b *build) {
	p := b.fromTrunk(b.o.did(8000+b.g.rand.IntN(900)), "")
	p.add("Hangup", "1", "", 0, p.at, failed)
	b.truth.HungUpBy = "system"
	p.hangup(p.at, builtin, unallocated)
}

// inNoAccount is a call to a number that nobody gave to an organisation.
func inNoAccount(b *build) {
	p := b.fromTrunk(b.o.did(9009), "")
	p.answeredBy(b.agent())
}

func inNoAccountMissed(b *build) {
	p := b.fromTrunk(b.o.did(9009), "")
	a := b.agent()
	p.givesUp(dial(a), b.ring(a))
}
