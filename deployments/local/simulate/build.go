package simulate

import (
	"math"
	"time"
)

// Dispositions.
const (
	answered   = "ANSWERED"
	noAnswer   = "NO ANSWER"
	busy       = "BUSY"
	failed     = "FAILED"
	congestion = "CONGESTION"
)

// Hang-up causes of Q.850 as Asterisk reports them. A caller who gives up before the answer is 127 with PJSIP.
const (
	unallocated = 1
	normal      = 16
	userBusy    = 17
	noReply     = 19
	noCircuit   = 34
	cancelled   = 127
)

// builtin is the hang-up source when the PBX itself hung up.
const builtin = "dialplan/builtin"

const (
	trunk       = "primary_gateway"
	otherTrunk  = "backup_gateway"
	trunkHeader = ",30,Tb(sub-calleeuf^s^1)" // the dialled trunk channel gets a userfield of its own
	ringing     = 20 * 1000                  // milliseconds a phone rings before Dial gives up
	outside     = 30 * 1000
	meanTalk    = 150 * time.Second
)

// build is a conversation in the making.
type build struct {
	g            *Generator
	o            *org
	start        Millis
	truth        *Truth
	conversation *Conversation
}

func (b *build) party(clid, src, channel, account string, at Millis) *party {
	p := &party{
		b: b, clid: clid, src: src, channel: channel, account: account, at: at,
		uniqueid: b.g.unique(at), sequence: b.g.sequence(),
	}
	p.linked = p.uniqueid
	return p
}

// fromTrunk is somebody who calls one of our numbers.
func (b *build) fromTrunk(did, account string) *party {
	c := b.g.outsider()
	b.truth.Direction, b.truth.Caller, b.truth.CallerName, b.truth.Dialled = "inbound", c.number, c.name, did
	through := trunk
	if b.g.rand.IntN(8) == 0 {
		through = otherTrunk
	}
	p := b.party(c.clid, c.number, b.g.pjsip("PJSIP/"+through), account, b.start)
	p.dst, p.context = did, "from-trunk"
	if account == "" {
		b.truth.Org = 0
	}
	return p
}

// fromPhone is one of our people who dials.
func (b *build) fromPhone(a *agent, dialled string) *party {
	b.truth.Direction, b.truth.Caller, b.truth.CallerName, b.truth.Dialled = "internal", a.number, a.name, dialled
	p := b.party(a.clid, a.number, b.g.pjsip(a.endpoint), a.account, b.start)
	p.dst, p.context = dialled, "from-internal"
	if a.account == "" {
		b.truth.Org = 0
	}
	return p
}

// agent picks somebody of the organisation.
func (b *build) agent(not ...*agent) *agent { return b.o.sibling(b, not...) }

// recordedAgent picks somebody whose calls are recorded.
func (b *build) recordedAgent(not ...*agent) *agent {
	a := b.agent(not...)
	for range 8 {
		if !a.plain {
			return a
		}
		not = append(not, a)
		a = b.agent(not...)
	}
	return b.o.agents[0]
}

// ring makes a phone ring: its new channel. A channel takes a sequence although the row is the caller's.
func (b *build) ring(a *agent) string {
	b.truth.Rang = append(b.truth.Rang, a.number)
	b.g.sequence()
	b.g.uniques++
	return b.g.pjsip(a.endpoint)
}

func (b *build) ringTrunk(name string) string {
	b.truth.Rang = append(b.truth.Rang, name)
	b.g.sequence()
	b.g.uniques++
	return b.g.pjsip("PJSIP/" + name)
}

// finish orders the hang-ups and completes the truth.
func (b *build) finish() *Conversation {
	c, t := b.conversation, b.truth
	for i := 1; i < len(c.Hangups); i++ {
		for j := i; j > 0 && c.Hangups[j].At < c.Hangups[j-1].At; j-- {
			c.Hangups[j], c.Hangups[j-1] = c.Hangups[j-1], c.Hangups[j]
		}
	}
	for i := range c.Hangups {
		for j := range c.Hangups[i].Rows {
			r := &c.Hangups[i].Rows[j]
			t.Rows = append(t.Rows, RowKey{r.Uniqueid, r.Sequence})
			if !has(t.LinkedIDs, r.Linkedid) {
				t.LinkedIDs = append(t.LinkedIDs, r.Linkedid)
			}
		}
	}
	c.Hangups[len(c.Hangups)-1].Last = true
	t.End = c.End().Time()
	if t.Wait < 0 {
		t.Wait = seconds(c.End() - b.start)
	}
	return c
}

func has(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// between draws a time in milliseconds.
func (b *build) between(low, high int) Millis { return Millis(low + b.g.rand.IntN(high-low)) }

// pickup is how long a phone rings until somebody takes it.
func (b *build) pickup() Millis {
	return min(1200+Millis(b.g.rand.ExpFloat64()*4000), ringing-1500)
}

// talk is how long people talk, and keeps those phones busy until then.
func (b *build) talk(from Millis, with ...*agent) Millis {
	// Log-normal: most talks are short, few are very long.
	length := math.Exp(b.g.rand.NormFloat64()*0.95) * 0.64 * meanTalk.Seconds() / b.g.cfg.Speed
	until := from + 900 + Millis(min(length, 5400)*1000)
	for _, a := range with {
		a.free = until + 3000
	}
	return until
}

// callerHangs decides who ends a conversation, and tells the truth.
func (b *build) callerHangs() bool {
	if b.g.rand.IntN(100) < 58 {
		b.truth.HungUpBy = "caller"
		return true
	}
	b.truth.HungUpBy = "callee"
	return false
}
