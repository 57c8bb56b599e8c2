package snippets

import (
	"context"
	"net/http"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// The snippets of docs/http.md.
var _ = []any{httpMeasure, httpOptions, httpSetRoute, httpWithRoute}

func httpMeasure(registry metric.Registerer, mux *http.ServeMux) (*http.Server, *http.Client) {
	server := &http.Server{Addr: ":8080", Handler: promhttp.InstrumentServer(registry, mux)}
	client := &http.Client{Transport: promhttp.InstrumentClient(registry, nil)}
	return server, client
}

func httpOptions(registry metric.Registerer, server *http.Server, mux *http.ServeMux) error {
	metrics, err := promhttp.NewServerMetrics(registry, promhttp.ServerOpts{
		Names:              promhttp.ClassicNames,
		DurationBuckets:    []float64{.01, .1, 1, 10},
		NativeBucketFactor: 1.1,
	})
	if err != nil {
		return err
	}
	server.Handler = metrics.Handler(mux)
	return nil
}

func httpSetRoute(mux, admin *http.ServeMux) {
	inner := func(w http.ResponseWriter, r *http.Request) {
		admin.ServeHTTP(w, r)
		if r.Pattern != "" {
			promhttp.SetRoute(w, "/admin"+r.Pattern) // for patterns without a method or host
		}
	}
	mux.Handle("/admin/", http.StripPrefix("/admin", http.HandlerFunc(inner)))
}

func httpWithRoute(ctx context.Context, client *http.Client) (*http.Response, error) {
	ctx = promhttp.WithRoute(ctx, "/items/{id}")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/items/42", http.NoBody)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}
