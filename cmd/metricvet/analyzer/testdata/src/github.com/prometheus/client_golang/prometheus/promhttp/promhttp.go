package promhttp

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

type Option interface{ apply() }

func InstrumentHandlerCounter(c *prometheus.CounterVec, next http.Handler, opts ...Option) http.Handler {
	return next
}
