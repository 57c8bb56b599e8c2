// Prober probes HTTP servers, like blackbox_exporter.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/luxfi/metric/exporter"
	"github.com/luxfi/metric/exporter/probe"
)

// settings are the settings of a module, besides its prober and its timeout.
type settings struct {
	Status int `yaml:"status"` // required status of the response
}

func main() {
	exporter.Main(exporter.Config{
		Name:        "prober",
		Description: "Probes HTTP servers.",
		Address:     ":9115",
		Probers: []probe.Prober{{
			Name:     "http",
			Settings: func() any { return &settings{Status: http.StatusOK} },
			New:      newHTTP,
		}},
	})
}

func newHTTP(m *probe.Module) (probe.Func, error) {
	want := m.Settings.(*settings).Status
	if http.StatusText(want) == "" {
		return nil, fmt.Errorf("module %s: status %d is unknown", m.Name, want)
	}
	return func(ctx context.Context, p *probe.Probe) error {
		status := p.Metrics.NewGauge("probe_http_status_code", "Status code of the response.")
		length := p.Metrics.NewGauge("probe_http_content_length", "Length of the body, in bytes.")
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Target, http.NoBody)
		if err != nil {
			return err
		}
		response, err := p.Client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // Only reading the content matters.
		status.Set(float64(response.StatusCode))
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil {
			return err
		}
		length.Set(float64(n))
		if response.StatusCode != want {
			return fmt.Errorf("status %s, want %d", response.Status, want)
		}
		return nil
	}, nil
}
