package instrument

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Core is the part of a vector that MetricVec needs.
type Core interface {
	Metric(values []string) (prometheus.Metric, error)
	MetricNamed(labels prometheus.Labels) (prometheus.Metric, error)
	CurriedCore(labels prometheus.Labels) (Core, error)
	DeleteValues(values []string) bool
	DeleteNamed(labels prometheus.Labels) bool
	DeletePartial(labels prometheus.Labels) int
	Reset()
	SetExpiry(after time.Duration, own bool)
	// Limits returns nil if the vector has no limits.
	Limits() Limited
	Describe(ch chan<- *prometheus.Desc)
	Collect(ch chan<- prometheus.Metric)
}
