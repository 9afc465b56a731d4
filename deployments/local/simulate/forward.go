package simulate

// forward302 is a phone that sends its calls elsewhere: Asterisk follows through a Local channel.
func forward302(b *build) {
	a := b.recordedAgent()
	away := b.agent(a)
	to := b.agent(a, away)
	p := b.fromPhone(a, away.number)
	p.record(away.number)
	p.add("Dial", dialInt(away), b.ring(away), 0, p.at+b.between(30, 200), noAnswer)
	p.through(dialInt(away), to)
}

// forwardAlways is a forward in the dialplan, at once.
func forwardAlways(b *build) {
	a := b.recordedAgent()
	away := b.agent(a)
	to := b.agent(a, away)
	p := b.fromPhone(a, away.number)
	p.through("Local/"+to.number+"@from-internal/n,20,tT", to)
}

// forwardNoAnswer is a forward in the dialplan, after the phone rang.
func forwardNoAnswer(b *build) {
	a := b.recordedAgent()
	away := b.agent(a)
	to := b.agent(a, away)
	p := b.fromPhone(a, away.number)
	p.record(away.number)
	p.add("Dial", dialInt(away), b.ring(away), 0, p.at+ringing, noAnswer)
	p.at += ringing
	p.through("Local/"+to.number+"@from-internal/n,20,tT", to)
}

// through rings somebody through a Local channel, which has rows of its own. The caller hangs up.
func (p *party) through(data string, to *agent) {
	b := p.b
	local := b.g.local(to.number, "from-internal")
	half := p.secondHalf(local, to.number, "from-internal", p.at)
	half.record(to.number)
	channel := b.ring(to)
	from := p.at + b.pickup()
	until := b.talk(from, to)
	half.add("Dial", dialInt(to), channel, from, until, answered)
	b.truth.Recordings[half.recordingSeconds].Seconds += seconds(until - from)
	half.hangup(until, "", normal)
	p.add("Dial", data, local+";1", from, until, answered)
	p.talks(to.number, from, until)
	b.truth.HungUpBy = "caller"
	p.hangup(until+3, p.channel, normal)
}

// pickupOf lets a colleague take a call that rings elsewhere. The phone that was ringing becomes the channel of a row.
func (p *party) pickupOf(a, by *agent, data, code string) {
	b := p.b
	channel := b.ring(a)
	rang := b.party(a.clid, a.number, channel, p.account, p.at)
	rang.linked, rang.dst, rang.context = p.linked, code, "from-internal"
	taken := p.at + b.pickup()
	rang.add("AppDial", "(Outgoing Line)", "", 0, taken, noAnswer)
	rang.gone(taken)

	p.add("Dial", data, channel, taken, taken, answered)
	p.at = taken
	channel = b.g.pjsip(by.endpoint)
	until := b.talk(taken, by)
	p.add("Dial", data, channel, taken, until, answered)
	p.talks(by.number, taken, until)
	b.truth.HungUpBy = "caller"
	// The caller's userfield comes twice: the channel of the pickup has it too.
	p.userfieldOfCallee = ";hangupsource=" + p.channel + "|hangupcause=16"
	p.hangup(until, p.channel, normal)
}

func inPickup(b *build) {
	a := b.recordedAgent()
	p := b.fromTrunk(a.did, a.account)
	p.record(a.did)
	p.pickupOf(a, b.agent(a), dial(a), "*8"+a.number)
}

func internalPickup(b *build) {
	caller := b.recordedAgent()
	a := b.agent(caller)
	p := b.fromPhone(caller, a.number)
	p.record(a.number)
	p.pickupOf(a, b.agent(caller, a), dialInt(a), "*8"+a.number)
}
