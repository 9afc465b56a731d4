package simulate

// outbound is somebody of us who dials a number outside, with the access prefix 9.
func (b *build) outbound(a *agent) (p *party, number string) {
	number = "9" + mobile(b.g.rand)
	p = b.fromPhone(a, number)
	b.truth.Direction = "outbound"
	return p, number
}

// recordedOutbound is one whose caller is recorded, as in the names of the scenarios below.
func (b *build) recordedOutbound() (p *party, number string, a *agent) {
	a = b.recordedAgent()
	p, number = b.outbound(a)
	p.record(number)
	return p, number, a
}

func dialOut(number string) string { return "PJSIP/" + number[1:] + "@" + trunk + trunkHeader }

// farPickup is how long somebody outside takes to answer.
func (b *build) farPickup() Millis {
	return min(2500+Millis(b.g.rand.ExpFloat64()*7000), outside-2000)
}

func outAnswered(b *build) {
	p, number, a := b.recordedOutbound()
	p.farEnd(number, a)
}

// farEnd is somebody outside who answers.
func (p *party) farEnd(number string, a *agent) {
	b := p.b
	channel := b.ringTrunk(trunk)
	from := p.at + b.farPickup()
	until := b.talk(from, a)
	p.userfieldOfCallee = ";callee=" + trunk
	p.add("Dial", dialOut(number), channel, from, until, answered)
	p.talks("far end", from, until)
	p.ended(until, channel)
}

// outOwnNumber is an agent whose caller id the dialplan replaces by the organisation's: src is no extension then.
func outOwnNumber(b *build) {
	a := b.agent()
	p, number := b.outbound(a)
	p.showOrg()
	p.farEnd(number, a)
}

func (p *party) showOrg() {
	p.src = p.b.o.cli
	p.clid = callerID("Org "+p.b.o.account, p.src)
}

func outNoAccount(b *build) {
	p, number := b.outbound(b.g.nobody)
	p.farEnd(number, b.g.nobody)
}

func outInternational(b *build) {
	a := b.recordedAgent()
	p, number := b.outbound(a)
	number = "001415" + number[4:]
	p.dst, b.truth.Dialled = number, number
	channel := b.ringTrunk(trunk)
	from := p.at + b.farPickup()
	until := b.talk(from, a)
	p.add("Dial", "PJSIP/"+number[2:]+"@"+trunk+",30,T", channel, from, until, answered)
	p.talks("far end", from, until)
	p.ended(until, channel)
}

func outCancelled(b *build) {
	p, number, _ := b.recordedOutbound()
	end := p.at + b.between(1500, outside-1000)
	p.add("Dial", dialOut(number), b.ringTrunk(trunk), 0, end, noAnswer)
	b.truth.HungUpBy = "caller"
	p.hangup(end, p.channel, cancelled)
}

func outBusy(b *build) {
	b.outRefused(b.between(700, 3000), busy, "ob-BUSY", "Busy", "2", busy, userBusy, "busy")
}

// outCongestion is a trunk that has no line free; the PBX runs with congestion=yes in cdr.conf.
func outCongestion(b *build) {
	b.outRefused(b.between(50, 400), congestion, "ob-CONGESTION", "Congestion", "2", congestion, noCircuit, "system")
}

// outUnknownNumber is a number that does not exist: the row says NO ANSWER.
func outUnknownNumber(b *build) {
	b.outRefused(b.between(100, 900), noAnswer, "ob-CHANUNAVAIL", "Congestion", "2", failed, noCircuit, "system")
}

func outTimeout(b *build) {
	b.outRefused(outside, noAnswer, "ob-NOANSWER", "Hangup", "19", failed, noReply, "timeout")
}

func outUnavailable(b *build) {
	b.outRefused(b.between(2000, 9000), noAnswer, "ob-NOANSWER", "Hangup", "19", noAnswer, noReply, "callee")
}

// outRefused is an attempt that fails after some time, and the short row of what the dialplan does then.
func (b *build) outRefused(after Millis, disposition, dst, app, data, then string, cause int, by string) {
	p, number, _ := b.recordedOutbound()
	p.add("Dial", dialOut(number), b.ringTrunk(trunk), 0, p.at+after, disposition)
	p.at += after
	p.tail(dst, app, data, then)
	source := p.channel
	if app == "Hangup" {
		source = builtin
	}
	b.truth.HungUpBy = by
	p.hangup(p.at, source, cause)
}

// outFailover is a first trunk that refuses and a second that connects: two rows for one call.
func outFailover(b *build) {
	a := b.agent()
	p, number := b.outbound(a)
	p.showOrg()
	refused := b.between(50, 400)
	p.add("Dial", dialOut(number), b.ringTrunk(trunk), 0, p.at+refused, failed)
	p.at += refused
	channel := b.ringTrunk(otherTrunk)
	from := p.at + b.farPickup()
	until := b.talk(from, a)
	p.add("Dial", "PJSIP/"+number[1:]+"@"+otherTrunk+",30,T", channel, from, until, answered)
	p.talks("far end", from, until)
	p.ended(until, channel)
}

// outDeadTrunk has no second channel at all.
func outDeadTrunk(b *build) {
	a := b.agent()
	p, number := b.outbound(a)
	number = "000" + number[1:]
	b.truth.Dialled, p.dst = number, "ob-CHANUNAVAIL"
	p.add("Dial", "PJSIP/"+number[1:]+"@retired_gateway,30,T", "", 0, p.at, failed)
	b.truth.HungUpBy = "system"
	p.hangup(p.at, p.channel, noCircuit)
}

// clickToCall rings the agent first and then dials: the row is answered when the agent is.
func clickToCall(b *build) {
	a := b.recordedAgent()
	b.truth.Rang = []string{a.number}
	p, number := b.outbound(a)
	p.clid = callerID("Click to call", a.number)
	began := p.at
	p.at += b.pickup()
	dialled := p.at
	p.record(number) // which the dialplan does when it runs
	p.at = began
	channel := b.ringTrunk(trunk)
	from := dialled + b.farPickup()
	until := b.talk(from, a)
	p.userfieldOfCallee = ";callee=" + trunk
	p.add("Dial", dialOut(number), channel, dialled, until, answered)
	p.talks("far end", from, until)
	p.ended(until, channel)
}

// clickUnanswered is an agent who does not take the call that the PBX placed: nothing was dialled.
func clickUnanswered(b *build) {
	a := b.agent()
	p, _ := b.outbound(a)
	b.truth.Rang = []string{a.number}
	p.clid, p.account, p.dst, b.truth.Org = callerID("Click to call", a.number), "", "s", 0
	end := p.at + b.between(3000, 15000)
	p.add("AppDial2", "(Outgoing Line)", "", 0, end, failed)
	b.truth.HungUpBy = "timeout"
	p.gone(end)
}
