package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is how a call event leaves the stage; each leaves it once.
type outcome string

const (
	opened  outcome = "opened"  // LogsUpdate took the call
	known   outcome = "known"   // LogsUpdate, or this process, had it already
	passed  outcome = "passed"  // an event that opens no ticket
	refused outcome = "refused" // parked
	waits   outcome = ""        // no exit: it goes back to the log and comes again
)

type metrics struct {
	calls   *prometheus.CounterVec
	retries prometheus.Counter
	behind  prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ticketer_calls_total",
			Help: "Call events by what became of them.",
		}, []string{"outcome"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ticketer_retries_total",
			Help: "Times that a call went back to the log since LogsUpdate gave no verdict on it.",
		}),
		behind: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "ticketer_behind_seconds",
			Help: "How long the oldest call in hand has been in the log; 0 when there is nothing to do.",
		}),
	}
	for _, o := range []outcome{opened, known, passed, refused} {
		m.calls.WithLabelValues(string(o))
	}
	r.MustRegister(m.calls, m.retries, m.behind)
	return m
}

func (m *metrics) count(o outcome) {
	if o == waits {
		m.retries.Inc()
		return
	}
	m.calls.WithLabelValues(string(o)).Inc()
}

func (m *metrics) waiting(since time.Time) {
	m.behind.Set(max(0, time.Since(since).Seconds()))
}
