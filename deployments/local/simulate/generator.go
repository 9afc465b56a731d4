package simulate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Config of a call centre.
type Config struct {
	Seed uint64
	Orgs int // organisations; 0: 2
	// CallsPerHour in the busiest hour decides how many phones there are.
	CallsPerHour float64
	// Speed divides the length of talks, for a demonstration; 0: 1, which is about two minutes each.
	Speed float64
	// Zone of the PBX: file names carry its local time.
	Zone *time.Location
	// Hours makes nights and Sundays quiet: who calls then hears that the office is closed.
	Hours bool
}

// Generator makes one conversation after the other. It is not safe for concurrent use.
type Generator struct {
	cfg      Config
	rand     *rand.Rand
	orgs     []*org
	nobody   *agent // a phone that belongs to no organisation
	regulars []string
	mix      []int // weights of scenarios, added up
	night    []int

	// What Asterisk counts from 0 at each start.
	channels, locals, uniques, rows int

	scratch []byte
}

// New makes a call centre.
func New(cfg Config) (*Generator, error) {
	if cfg.Orgs == 0 {
		cfg.Orgs = 2
	}
	if cfg.Orgs < 1 || cfg.Orgs > 1000 {
		return nil, fmt.Errorf("make a call centre: %d organisations, want 1 to 1000", cfg.Orgs)
	}
	if cfg.Speed == 0 {
		cfg.Speed = 1
	}
	if cfg.Speed < 0.01 || cfg.Speed > 1000 {
		return nil, fmt.Errorf("make a call centre: speed %g, want 0.01 to 1000", cfg.Speed)
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	g := &Generator{cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 0x63647266_6c6f77))}
	// Three phones for each that talks in the busiest hour.
	phones := int(cfg.CallsPerHour * meanTalk.Seconds() / cfg.Speed / 3600 * 3)
	g.orgs = newOrgs(g.rand, cfg.Orgs, phones)
	g.nobody = &agent{number: "990", name: "Test Phone", clid: callerID("Test Phone", "990"), endpoint: "PJSIP/990"}
	g.regulars = make([]string, 2000)
	for i := range g.regulars {
		g.regulars[i] = "91" + mobile(g.rand)
	}
	for _, s := range scenarios {
		g.mix = append(g.mix, last(g.mix)+s.weight)
		weight := s.weight
		if s.day {
			weight = 0
		}
		g.night = append(g.night, last(g.night)+weight)
	}
	return g, nil
}

func last(list []int) int {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

// Next makes the conversation that begins at start.
func (g *Generator) Next(start Millis) *Conversation {
	mix := g.mix
	if g.cfg.Hours && closed(start, g.cfg.Zone) {
		mix = g.night
	}
	n := g.rand.IntN(last(mix))
	for i := range mix {
		if n < mix[i] {
			return g.make(scenarios[i], start)
		}
	}
	return nil // not reached: the weights add up
}

// Short makes a conversation of one row and a few seconds.
func (g *Generator) Short(start Millis) *Conversation {
	return g.make(shortest, start)
}

func (g *Generator) make(s scenario, start Millis) *Conversation {
	b := &build{g: g, start: start, conversation: &Conversation{Start: start}}
	b.truth = &b.conversation.Truth
	b.truth.Scenario, b.truth.Start = s.name, start.Time()
	b.truth.Wait, b.truth.QueueWait = -1, -1
	f := g.rand.Float64()
	for _, o := range g.orgs {
		b.o = o
		if f -= o.weight; f < 0 {
			break
		}
	}
	b.truth.Org = b.o.id
	s.play(b)
	return b.finish()
}

// Restart is what a restart of Asterisk does: all counters begin anew.
func (g *Generator) Restart() { g.channels, g.locals, g.uniques, g.rows = 0, 0, 0, 0 }

// unique is the next uniqueid. Its counter is shared by channels that no row mentions, hence the gaps.
func (g *Generator) unique(at Millis) string {
	s := strconv.AppendInt(g.scratch[:0], int64(at/1000), 10)
	s = append(s, '.')
	s = strconv.AppendInt(s, int64(g.uniques), 10)
	g.uniques += 1 + g.rand.IntN(4)
	g.scratch = s
	return string(s)
}

// sequence is the next number of a CDR; every channel takes one, also those without a row.
func (g *Generator) sequence() int {
	g.rows++
	return g.rows - 1
}

// pjsip is a new channel of an endpoint.
func (g *Generator) pjsip(endpoint string) string {
	s := hexSuffix(append(append(g.scratch[:0], endpoint...), '-'), g.channels)
	g.channels++
	g.scratch = s
	return string(s)
}

// local is a new pair of Local channels, without the ";1" and ";2" of its halves.
func (g *Generator) local(exten, context string) string {
	s := append(append(append(g.scratch[:0], "Local/"...), exten...), '@')
	s = hexSuffix(append(append(s, context...), '-'), g.locals)
	g.locals++
	g.scratch = s
	return string(s)
}

func hexSuffix(s []byte, n int) []byte {
	const hex = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		s = append(s, hex[n>>shift&15])
	}
	return s
}
