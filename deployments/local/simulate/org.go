package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

// org is one of the organisations on the PBX.
type org struct {
	id      int
	account string
	weight  float64 // of its calls among all

	agents []*agent

	// Numbers dialled from outside.
	ivr, support, sales, ring, mailbox, closed, cli string

	// Queues and their members. Support rings one phone after the other, sales all of them through Local channels.
	supportQueue, salesQueue string
	supportMembers           []*agent
	salesMembers             []*agent
	next                     int // the member whom support rings first, round robin

	group []*agent // the ring group
}

// agent is a person with a phone.
type agent struct {
	org         *org
	number, did string
	name, clid  string
	endpoint    string // PJSIP/1001
	account     string
	// plain agents are not recorded and show the organisation's number instead of their own.
	plain bool
	free  Millis
}

// newOrgs makes n organisations of falling size with agents phones in all.
func newOrgs(r *rand.Rand, n, agents int) []*org {
	orgs := make([]*org, n)
	total := 0.0
	for i := range orgs {
		orgs[i] = &org{id: i + 1, account: strconv.Itoa(i + 1), weight: math.Pow(float64(i+1), -0.8)}
		total += orgs[i].weight
	}
	first := 1001
	for _, o := range orgs {
		o.weight /= total
		count := max(12, int(float64(agents)*o.weight))
		o.furnish(r, first, count)
		// Every organisation's extensions begin at a round number of their own.
		first += (count + 100) / 100 * 100
	}
	return orgs
}

func (o *org) furnish(r *rand.Rand, first, count int) {
	for i := range count {
		name := firstNames[r.IntN(len(firstNames))] + " " + lastNames[r.IntN(len(lastNames))]
		a := &agent{
			org: o, number: strconv.Itoa(first + i), did: o.did(i + 1), name: name, account: o.account,
			plain: i%4 == 3,
		}
		a.clid = callerID(name, a.number)
		a.endpoint = "PJSIP/" + a.number
		o.agents = append(o.agents, a)
	}
	o.ivr, o.support, o.sales = o.did(9001), o.did(9002), o.did(9003)
	o.ring, o.mailbox, o.closed, o.cli = o.did(9004), o.did(9005), o.did(9006), o.did(9007)
	o.supportQueue, o.salesQueue = "support", "sales"
	switch {
	case o.id == 2:
		o.supportQueue, o.salesQueue = "helpdesk", "orders"
	case o.id > 2:
		o.supportQueue, o.salesQueue = "support-"+o.account, "sales-"+o.account
	}
	o.supportMembers = o.agents[:max(4, count*2/5)]
	o.salesMembers = o.agents[count-max(4, count/4):]
	o.group = o.agents[4:7]
}

// did is a number of the organisation: India's country code, an area code, and a block for each organisation.
func (o *org) did(n int) string { return fmt.Sprintf("9180%04d%04d", (4600+o.id)%10000, n) }

// sibling is another agent of the organisation than those given.
func (o *org) sibling(b *build, not ...*agent) *agent {
	start := b.g.rand.IntN(len(o.agents))
	var busy *agent
	for i := range o.agents {
		a := o.agents[(start+i)%len(o.agents)]
		if contains(not, a) {
			continue
		}
		if a.free <= b.start {
			return a
		}
		if busy == nil {
			busy = a
		}
		// The larger the organisation the likelier is somebody free; whom the search misses gets a second call.
		if i > 64 {
			break
		}
	}
	return busy
}

func contains(list []*agent, a *agent) bool {
	for _, one := range list {
		if one == a {
			return true
		}
	}
	return false
}
