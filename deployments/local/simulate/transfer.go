package simulate

// inBlind is an agent who passes an outside caller on, unseen. It rewrites the first row too: both name the new target.
func inBlind(b *build)         { b.blind(true) }
func inBlindNoAnswer(b *build) { b.blind(false) }

func (b *build) blind(taken bool) {
	first := b.recordedAgent()
	p := b.fromTrunk(first.did, first.account)
	p.record(first.did)
	channel := b.ring(first)
	from := p.at + b.pickup()
	until := b.talk(from, first)
	to := b.agent(first)
	p.dst, p.context = to.number, "from-internal"
	p.add("Dial", dial(first), channel, from, until, answered)
	p.talks(first.number, from, until)
	p.at, p.up = until, true
	channel = b.ring(to)
	if !taken {
		p.givesUp(dialInt(to), channel)
		return
	}
	from = p.at + b.pickup()
	until = b.talk(from, to)
	p.add("Dial", dialInt(to), channel, 0, until, answered)
	p.talks(to.number, from, until)
	p.ended(until, channel)
}

// internalBlind is a caller who passes the callee on: the callee's channel becomes a Party A.
func internalBlind(b *build) {
	caller := b.recordedAgent()
	callee := b.recordedAgent(caller)
	p := b.fromPhone(caller, callee.number)
	p.record(callee.number)
	channel := b.ring(callee)
	calleeID := b.g.unique(p.at)
	from := p.at + b.pickup()
	until := b.talk(from, caller, callee)
	p.add("Dial", dialInt(callee), channel, from, until, answered)
	p.talks(callee.number, from, until)
	p.hangup(until, "", normal)

	to := b.agent(caller, callee)
	q := p.calleeAsCaller(channel, calleeID, until, callee.clid, callee.number)
	q.dst = to.number
	q.record(to.number)
	q.passedOn(to)
}

// calleeAsCaller makes a Party A of a dialled channel, which goes on after its caller has gone.
func (p *party) calleeAsCaller(channel, uniqueid string, at Millis, clid, src string) *party {
	q := &party{
		b: p.b, clid: clid, src: src, channel: channel, account: p.account, at: at, uniqueid: uniqueid,
		sequence: p.b.g.sequence(), linked: p.linked, context: "from-internal", up: true,
	}
	return q
}

// passedOn rings the target of a transfer; the callee of this last talk hangs up.
func (p *party) passedOn(to *agent) {
	b := p.b
	channel := b.ring(to)
	from := p.at + b.pickup()
	until := b.talk(from, to)
	p.add("Dial", dialInt(to), channel, 0, until, answered)
	p.talks(to.number, from, until)
	b.truth.HungUpBy = "callee"
	p.hangup(until, channel, normal)
}

// outBlind is an agent who calls out and passes the outside party on: its trunk channel turns into a caller, and the tail
// of an outbound call looks inbound.
func outBlind(b *build) {
	a := b.recordedAgent()
	p, number := b.outbound(a)
	p.record(number)
	channel := b.ringTrunk(trunk)
	outsideID := b.g.unique(p.at)
	from := p.at + b.farPickup()
	until := b.talk(from, a)
	p.userfieldOfCallee = ";callee=" + trunk
	p.add("Dial", dialOut(number), channel, from, until, answered)
	p.talks("far end", from, until)
	p.hangup(until, "", normal)

	to := b.agent(a)
	q := p.calleeAsCaller(channel, outsideID, until, callerID("", number), number)
	q.dst = to.number
	q.passedOn(to)
}

// attended is an agent who consults a colleague on a second call and then joins the two: it leaves two linkedids.
func attended(b *build) {
	first := b.recordedAgent()
	p := b.fromTrunk(first.did, first.account)
	p.record(first.did)
	channel := b.ring(first)
	from := p.at + b.pickup()
	talked := b.talk(from)
	p.talks(first.number, from, talked)

	colleague := b.recordedAgent(first)
	consult, spoken := b.consult(first, colleague, talked)
	p.add("Dial", dial(first), channel, from, spoken, answered)
	p.at, p.up = spoken, true
	until := b.talk(spoken, first, colleague)
	p.add("Dial", dial(first), consult, spoken, until, answered)
	p.talks(colleague.number, spoken, until)
	b.truth.HungUpBy = "caller"
	p.hangup(until, p.channel, normal)
}

// consult is the second call of an attended transfer; it returns the colleague's channel and when the calls are joined.
func (b *build) consult(a, colleague *agent, at Millis) (channel string, joined Millis) {
	q := b.party(a.clid, a.number, b.g.pjsip(a.endpoint), a.account, at+b.between(700, 2500))
	q.dst, q.context = colleague.number, "from-internal"
	q.record(colleague.number)
	channel = b.ring(colleague)
	from := q.at + b.pickup()
	joined = from + b.between(1500, 15000)
	q.add("Dial", dialInt(colleague), channel, from, joined, answered)
	b.truth.Recordings[q.recordingSeconds].Seconds += seconds(joined - from)
	q.hangup(joined, "", normal)
	return channel, joined
}

// outAttended joins somebody outside with a colleague; the last row has neither a number dialled nor a hang-up source.
func outAttended(b *build) {
	a := b.recordedAgent()
	p, number := b.outbound(a)
	p.record(number)
	channel := b.ringTrunk(trunk)
	outsideID := b.g.unique(p.at)
	from := p.at + b.farPickup()
	talked := b.talk(from)
	p.talks("far end", from, talked)
	colleague := b.recordedAgent(a)
	consult, joined := b.consult(a, colleague, talked)
	p.userfieldOfCallee = ";callee=" + trunk
	p.add("Dial", dialOut(number), channel, from, joined, answered)
	p.hangup(joined+2, "", normal)

	until := b.talk(joined, a, colleague)
	q := p.calleeAsCaller(channel, outsideID, joined, callerID("", number), number)
	q.context = "from-trunk"
	q.add("Return", "", consult, joined, until, answered)
	q.talks(colleague.number, joined, until)
	b.truth.HungUpBy = "callee"
	q.rows[0].Userfield = "callee=" + trunk
	q.gone(until)
}
