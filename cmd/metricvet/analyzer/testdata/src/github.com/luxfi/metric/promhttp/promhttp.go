package promhttp

import (
	"context"
	"net/http"

	"github.com/luxfi/metric"
)

var _ *metric.CounterVec

func SetRoute(w http.ResponseWriter, route string) bool { return false }

func WithRoute(ctx context.Context, route string) context.Context { return ctx }

type ServerOpts struct {
	Route func(r *http.Request) string
}
