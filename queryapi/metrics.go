package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	queries  prometheus.Histogram
	exports  *prometheus.CounterVec
	exported *prometheus.CounterVec

	unfinished prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "queryapi_requests_total",
			Help: "Requests answered, by route and status; route other is what no route matches, status 499 a caller who left before the answer.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "queryapi_request_seconds",
			Help:    "Time from a request's header to the end of its answer, by route; a recording lasts as long as its listener takes.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		queries: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "queryapi_query_seconds",
			Help:    "Time that one question to the call history took, as a part of its request.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
	}
	m.exports = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "queryapi_exports_total",
		Help: "Exports that began, by format and outcome: complete, cut where the history failed in the middle, left where the caller did, or took nothing for too long.",
	}, []string{"format", "outcome"})
	m.exported = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "queryapi_exported_calls_total",
		Help: "Calls written into exports, by format; of those cut or left, too.",
	}, []string{"format"})
	m.unfinished = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "queryapi_erasures_unfinished",
		Help: "Erasures that were asked for and could not be finished yet; each is tried again every half minute.",
	})
	registry.MustRegister(m.requests, m.seconds, m.queries, m.exports, m.exported, m.unfinished)
	return m
}

func (m *metrics) observe(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) export(format, outcome string, rows int) {
	m.exports.WithLabelValues(format, outcome).Inc()
	m.exported.WithLabelValues(format).Add(float64(rows))
}
