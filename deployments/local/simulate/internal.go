package simulate

// colleagues is a call from one phone to another.
func (b *build) colleagues() (*party, *agent) {
	caller := b.agent()
	callee := b.agent(caller)
	p := b.fromPhone(caller, callee.number)
	if !caller.plain {
		p.record(callee.number)
	}
	return p, callee
}

func internalAnswered(b *build) {
	p, callee := b.colleagues()
	p.reach(callee)
}

// reach is a colleague who answers.
func (p *party) reach(callee *agent) {
	b := p.b
	channel := b.ring(callee)
	from := p.at + b.pickup()
	until := b.talk(from, callee)
	p.add("Dial", dialInt(callee), channel, from, until, answered)
	p.talks(callee.number, from, until)
	p.ended(until, channel)
}

func internalCancelled(b *build) {
	p, callee := b.recordedColleagues()
	p.givesUp(dialInt(callee), b.ring(callee))
}

func (b *build) recordedColleagues() (*party, *agent) {
	caller := b.recordedAgent()
	callee := b.agent(caller)
	p := b.fromPhone(caller, callee.number)
	p.record(callee.number)
	return p, callee
}

func internalTimeout(b *build) {
	p, callee := b.recordedColleagues()
	p.add("Dial", dialInt(callee), b.ring(callee), 0, p.at+ringing, noAnswer)
	p.at += ringing
	p.tail("st-NOANSWER", "Hangup", "19", failed)
	b.truth.HungUpBy = "timeout"
	p.hangup(p.at, builtin, noReply)
}

func internalBusy(b *build) {
	p, callee := b.recordedColleagues()
	end := p.at + b.between(40, 300)
	p.add("Dial", dialInt(callee), b.ring(callee), 0, end, busy)
	p.at = end
	p.tail("st-BUSY", "Busy", "2", busy)
	b.truth.HungUpBy = "busy"
	p.hangup(end, p.channel, userBusy)
}

// internalDeclined is a callee who presses the red button: the row says NO ANSWER, and the caller's own channel is the
// hang-up source, since the PBX played congestion to it.
func internalDeclined(b *build) {
	p, callee := b.recordedColleagues()
	end := p.at + b.between(1000, 8000)
	p.add("Dial", dialInt(callee), b.ring(callee), 0, end, noAnswer)
	p.at = end
	p.tail("st-CHANUNAVAIL", "Congestion", "2", failed)
	b.truth.HungUpBy = "callee"
	p.hangup(end, p.channel, noCircuit)
}

// internalUnregistered is a phone that is not plugged in: no second channel ever exists.
func internalUnregistered(b *build) {
	callee := b.agent()
	caller := b.agent(callee)
	p := b.fromPhone(caller, callee.number)
	p.dst = "st-CHANUNAVAIL"
	p.add("Dial", dialInt(callee), "", 0, p.at, failed)
	b.truth.HungUpBy = "system"
	p.hangup(p.at, p.channel, noCircuit)
}

func internalVoicemail(b *build) {
	p, callee := b.recordedColleagues()
	p.add("Dial", dialInt(callee), b.ring(callee), 0, p.at+ringing, noAnswer)
	p.at += ringing
	p.voicemail(callee)
}

// internalMailbox is somebody who listens to their messages.
func internalMailbox(b *build) {
	a := b.agent()
	p := b.fromPhone(a, "*97")
	p.service("VoiceMailMain", a.number+"@default,s")
}

func internalEcho(b *build) {
	p := b.fromPhone(b.agent(), "*43")
	p.service("Echo", "")
}

// service is a call to a function of the PBX.
func (p *party) service(app, data string) {
	b := p.b
	end := p.at + b.between(2000, 25000)
	p.up = true
	p.add(app, data, "", 0, end, answered)
	b.prompt("caller")
	p.hangup(end, p.channel, normal)
}

// internalInvalid is a number not in service: a prompt is played without answering.
func internalInvalid(b *build) {
	p := b.fromPhone(b.agent(), "7"+b.o.agents[0].number[1:])
	end := p.at + b.between(3000, 5000)
	p.add("Hangup", "1", "", 0, end, failed)
	b.truth.HungUpBy = "system"
	p.hangup(end, builtin, unallocated)
}

func internalRingGroup(b *build) {
	p := b.fromPhone(b.agent(b.o.group...), "600")
	p.ringGroup(endpoints(b.o.group)+",20", b.o.group, b.g.rand.IntN(3))
}

// internalNoAccount is a phone that belongs to no organisation.
func internalNoAccount(b *build) {
	callee := b.agent()
	p := b.fromPhone(b.g.nobody, callee.number)
	p.reach(callee)
}

// internalToOther crosses organisations; all of it counts for the caller's.
func internalToOther(b *build) {
	orgs := b.g.orgs
	if len(orgs) == 1 {
		internalAnswered(b)
		return
	}
	caller := b.recordedAgent()
	other := orgs[b.o.id%len(orgs)]
	callee := other.sibling(b)
	p := b.fromPhone(caller, callee.number)
	p.record(callee.number)
	p.reach(callee)
}

// conference is three people in one room. There is a row for each pair; the last to come has one without a second party.
func conference(b *build) {
	first := b.agent()
	second := b.agent(first)
	third := b.agent(first, second)
	p := b.fromPhone(first, "800")
	b.truth.AnsweredBy = []string{"conference"}
	later := func(a *agent, at Millis) *party {
		q := b.party(a.clid, a.number, b.g.pjsip(a.endpoint), a.account, at)
		q.dst, q.context, q.up = "800", "from-internal", true
		return q
	}
	p.up = true
	q := later(second, p.at+b.between(900, 5000))
	r := later(third, q.at+b.between(900, 5000))
	end := b.talk(r.at, first, second, third)
	p.add("ConfBridge", "800", q.channel, 0, end, answered)
	p.at = r.at
	p.add("ConfBridge", "800", r.channel, 0, end, answered)
	p.hangup(end, p.channel, normal)
	q.add("ConfBridge", "800", r.channel, 0, end+200, answered)
	q.hangup(end+200, q.channel, normal)
	r.add("ConfBridge", "800", "", 0, end+300, answered)
	r.hangup(end+300, r.channel, normal)
	b.truth.HungUpBy = "caller"
}
