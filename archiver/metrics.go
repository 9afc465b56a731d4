package main

import "github.com/prometheus/client_golang/prometheus"

// outcome is how a recording leaves a sweep; each leaves it once.
type outcome string

const (
	moved      outcome = "moved"      // copied to the store, for the first time or with new content
	known      outcome = "known"      // in the store already; its local copy may have been removed
	unfinished outcome = "unfinished" // still being written, or not long enough at rest
	empty      outcome = "empty"      // no sound in it
	erased     outcome = "erased"     // erased on request: not stored again, and removed from the disk
	failed     outcome = "failed"
	gone       outcome = "" // it went away before it was looked at; not counted
)

type metrics struct {
	recordings  *prometheus.CounterVec
	removed     prometheus.Counter
	bytes       prometheus.Counter
	sweeps      *prometheus.CounterVec
	lastSuccess prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		recordings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "archiver_recordings_total",
			Help: "Recordings that a sweep looked at, by what became of them; one that stays on disk counts in every sweep.",
		}, []string{"outcome"}),
		removed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "archiver_local_copies_removed_total",
			Help: "Files removed from the PBX's disk after they were archived and verified, or because they held no sound.",
		}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "archiver_bytes_total",
			Help: "Bytes of the recordings that were copied to the store.",
		}),
		sweeps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "archiver_sweeps_total",
			Help: "Sweeps by whether they went through all of the directory.",
		}, []string{"outcome"}),
		lastSuccess: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "archiver_last_success_timestamp_seconds",
			Help: "When a sweep last went through all of the directory, in seconds since 1970.",
		}),
	}
	for _, o := range []outcome{moved, known, unfinished, empty, erased, failed} {
		m.recordings.WithLabelValues(string(o))
	}
	for _, o := range []string{"complete", "broken"} {
		m.sweeps.WithLabelValues(o)
	}
	r.MustRegister(m.recordings, m.removed, m.bytes, m.sweeps, m.lastSuccess)
	return m
}
