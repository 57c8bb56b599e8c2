package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/luxfi/metric/exporter/probe"
)

// httpSettings are the prober's part of a module.
type httpSettings struct {
	Status int `yaml:"status"`
}

// newHTTP returns a function that probes targets with the settings of m.
func newHTTP(m *probe.Module) (probe.Func, error) {
	want := m.Settings.(*httpSettings).Status
	return func(ctx context.Context, p *probe.Probe) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Target, nil)
		if err != nil {
			return err
		}
		answer, err := p.Client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		p.Metrics.NewGauge("probe_http_status_code", "Response HTTP status code").Set(float64(answer.StatusCode))
		if answer.StatusCode != want {
			return fmt.Errorf("the status is %s, not %d", answer.Status, want)
		}
		return nil
	}, nil
}

func Example() {
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()

	h, err := probe.NewHandler(probe.Opts{Probers: []probe.Prober{{
		Name:     "http",
		Settings: func() any { return &httpSettings{Status: http.StatusOK} },
		New:      newHTTP,
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Programs that use package exporter have this in their configuration file.
	set, err := h.Prepare("probes.yml", probe.Config{
		Targets: probe.Targets{Allow: []string{"127.0.0.0/8"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h.Use(set)
	defer h.Use(nil)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/probe?target="+url.QueryEscape(site.URL), nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "probe_http") || strings.HasPrefix(line, "probe_success") {
			fmt.Print(line)
		}
	}
	// Output:
	// probe_http_status_code 404
	// probe_success 0
}
