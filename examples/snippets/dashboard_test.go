package snippets

import (
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

// The snippets of docs/dashboard.md.
var _ = []any{dashboardHandle, dashboardPassword, dashboardExclude, dashboardHistory, dashboardTraces}

func dashboardHandle() {
	http.Handle("/dashboard/", dashboard.Handler(metric.DefaultGatherer, dashboard.Opts{}))
}

func dashboardPassword(mux *http.ServeMux, registry *metric.ContextRegistry, password []byte) {
	board := dashboard.Handler(registry, dashboard.Opts{Allow: dashboard.AllowAll})
	mux.HandleFunc("/dashboard/", func(w http.ResponseWriter, r *http.Request) {
		_, given, _ := r.BasicAuth()
		if subtle.ConstantTimeCompare([]byte(given), password) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="dashboard"`)
			http.Error(w, "the dashboard needs a password", http.StatusUnauthorized)
			return
		}
		board.ServeHTTP(w, r)
	})
}

func dashboardExclude() dashboard.Opts {
	opts := dashboard.Opts{Selection: metric.Selection{Exclude: []string{"warehouse"}}}
	return opts
}

func dashboardHistory(mux *http.ServeMux, server *http.Server, registry *metric.ContextRegistry) error {
	board, err := dashboard.New(registry, dashboard.Opts{History: 15 * time.Minute})
	if err != nil {
		return err
	}
	mux.Handle("/dashboard/", board)
	server.RegisterOnShutdown(func() { _ = board.Close() }) // ends the sampling
	return nil
}

func dashboardTraces() dashboard.Opts {
	opts := dashboard.Opts{TraceURL: "https://traces.example.org/trace/{trace_id}"}
	return opts
}
