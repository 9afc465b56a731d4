package main

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cdrflow/cdrflow/services/call"
)

type metrics struct {
	rows     *prometheus.CounterVec
	pages    prometheus.Counter
	compared prometheus.Counter
	expired  prometheus.Counter
	parked   *prometheus.CounterVec
	gaps     prometheus.Gauge
	lastID   prometheus.Gauge
	polling  prometheus.Gauge
	paused   prometheus.Gauge

	drained atomic.Int64 // when the end of the table was reached last, in Unix nanoseconds; 0 before the first session
	every   atomic.Int64 // POLL_EVERY
}

func newMetrics(registry prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "poller_rows_total", Help: "Rows published to the log, by the kind of their chunk.",
		}, []string{"kind"}),
		parked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "poller_parked_total", Help: "Rows that were parked as a pointer, by reason: large (above 512 KiB) or id (outside 1 to 2^40-1).",
		}, []string{"reason"}),
		pages:    counter("poller_pages_total", "Pages published to the log."),
		compared: counter("poller_compared_total", "Rows read again within LOOK_BACK and found as they were."),
		expired:  counter("poller_gaps_expired_total", "Gaps closed after GAP_TIMEOUT because their ids never became visible."),
		gaps:     gauge("poller_gaps_open", "Ranges of ids that were passed over and are still waited for."),
		lastID:   gauge("poller_last_id", "Highest row id published."),
		polling:  gauge("poller_polling", "1 while this process holds the lease of its source, 0 while it stands by."),
		paused:   gauge("poller_paused", "1 while the log is too far behind to take more rows, which wait in MariaDB."),
	}
	for _, kind := range []call.Kind{call.KindPage, call.KindGap, call.KindLookBack, call.KindBackfill} {
		m.rows.WithLabelValues(string(kind))
	}
	for _, reason := range []string{parkedLarge, parkedID} {
		m.parked.WithLabelValues(reason)
	}
	registry.MustRegister(m.rows, m.pages, m.compared, m.expired, m.parked, m.gaps, m.lastID, m.polling, m.paused,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "poller_behind_seconds",
			Help: "Seconds since the end of the table was reached, beyond POLL_EVERY; 0 while on schedule.",
		}, m.behind))
	return m
}

// behind needs no clock but ours: the rows' own times are local to the PBX.
func (m *metrics) behind() float64 {
	drained := m.drained.Load()
	if drained == 0 {
		return 0
	}
	return max(0, time.Since(time.Unix(0, drained))-time.Duration(m.every.Load())).Seconds()
}
