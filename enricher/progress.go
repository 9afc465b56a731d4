package main

import (
	"fmt"
	"io"
	"time"
)

// sayEvery is how often a long command says how far it is.
const sayEvery = 3 * time.Second

// progress prints lines now and then, for whoever watches a command.
type progress struct {
	out  io.Writer
	said time.Time
}

func newProgress(out io.Writer) *progress { return &progress{out: out, said: time.Now()} }

// due tells whether it is time for a line.
func (p *progress) due() bool { return time.Since(p.said) >= sayEvery }

// say prints a line at once.
func (p *progress) say(format string, args ...any) {
	p.said = time.Now()
	fmt.Fprintf(p.out, format+"\n", args...)
}

// percent of a whole, for people.
func percent(part, whole uint64) uint64 {
	if whole == 0 {
		return 100
	}
	return min(100, part*100/whole)
}
