package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cdrflow/cdrflow/services/jetstream"
)

type metrics struct {
	rows    *prometheus.CounterVec
	told    prometheus.Counter
	batches prometheus.Histogram
	behind  prometheus.Gauge
	reloads *prometheus.CounterVec
	asked   prometheus.Counter
	mended  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "enricher_rows_total",
			Help: "Rows taken from the log by what became of them: stored, known (already there, nothing changed), parked, again (given back to the log).",
		}, []string{"outcome"}),
		told: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "enricher_told_total",
			Help: "Events published to the CALL stream.",
		}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "enricher_batch_seconds",
			Help:    "Time to understand, store and tell one batch.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		behind: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "enricher_behind_seconds",
			Help: "How long the oldest chunk of the last batch had been in the log when it was stored; 0 when there is nothing to do.",
		}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "enricher_rules_reloads_total",
			Help: "Times the rules file changed, by whether the new rules were taken or refused.",
		}, []string{"outcome"}),
		asked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "enricher_conversations_asked_total",
			Help: "Conversations whose further legs were asked for in ClickHouse.",
		}),
		mended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "enricher_doubles_mended_total",
			Help: "Calls that lived at two keys of the store and were mended; anything but 0 is worth a report.",
		}),
	}
	r.MustRegister(m.rows, m.told, m.batches, m.behind, m.reloads, m.asked, m.mended)
	for _, outcome := range []string{"stored", "known", "parked", "again"} {
		m.rows.WithLabelValues(outcome)
	}
	return m
}

func (m *metrics) again(b *jetstream.Batch) {
	m.rows.WithLabelValues("again").Add(float64(b.Rows()))
}

func (m *metrics) stored(u *understood, took time.Duration, oldest time.Time) {
	m.rows.WithLabelValues("stored").Add(float64(u.stored))
	m.rows.WithLabelValues("known").Add(float64(len(u.calls) - u.stored - len(u.refused)))
	m.batches.Observe(took.Seconds())
	m.behind.Set(max(0, time.Since(oldest).Seconds()))
}
