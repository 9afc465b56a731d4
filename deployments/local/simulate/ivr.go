package simulate

// menu is a caller who reached the menu: the PBX has answered, and the number dialled is gone from the row.
func (b *build) menu() *party {
	p := b.fromTrunk(b.o.ivr, b.o.account)
	p.up, p.context, p.dst = true, "ivr-main", "s"
	return p
}

func ivrHangup(b *build) {
	p := b.menu()
	end := p.at + b.between(1200, 9000)
	p.add("WaitExten", "4", "", 0, end, answered)
	b.prompt("caller")
	p.hangup(end, p.channel, normal)
}

func ivrTimeout(b *build) { b.goodbye("t", b.between(6000, 9000)) }
func ivrInvalid(b *build) { b.goodbye("i", b.between(3000, 7000)) }

// goodbye ends in the menu: a prompt is played and the PBX hangs up.
func (b *build) goodbye(exten string, after Millis) {
	p := b.menu()
	p.dst = exten
	p.add("Hangup", "", "", 0, p.at+after, answered)
	b.prompt("system")
	p.hangup(p.at+after, builtin, normal)
}

func ivrToExtension(b *build)         { b.ivrExtension(true) }
func ivrToExtensionNoAnswer(b *build) { b.ivrExtension(false) }

// ivrExtension is key 2 in the menu, which rings one phone.
func (b *build) ivrExtension(taken bool) {
	p, a := b.menu(), b.agent()
	p.dst = "2"
	p.fromMenu(dial(a), a, taken)
}

// ivrDialExtension is a caller who dials an extension in the menu; the row moves to the phones' context.
func ivrDialExtension(b *build) {
	p, a := b.menu(), b.agent()
	p.dst, p.context = a.number, "from-internal"
	p.fromMenu(dialInt(a), a, true)
}

// fromMenu rings one phone after the menu; the row began with the menu.
func (p *party) fromMenu(data string, a *agent, taken bool) {
	b := p.b
	rings := p.at + b.between(2000, 8000)
	channel := b.ring(a)
	if !taken {
		end := rings + b.between(1000, ringing-1000)
		p.add("Dial", data, channel, 0, end, noAnswer)
		b.truth.HungUpBy = "caller"
		p.hangup(end, p.channel, normal)
		return
	}
	from := rings + b.pickup()
	until := b.talk(from, a)
	p.add("Dial", data, channel, 0, until, answered)
	p.talks(a.number, from, until)
	p.ended(until, channel)
}
