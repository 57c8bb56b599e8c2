//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// TestOTLP checks pushes to Prometheus by the OpenTelemetry protocol.
func TestOTLP(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	server, config := "http://"+address, filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	startServer(t, server+"/-/ready", builtTools(t).prometheus, "--config.file="+config, "--web.listen-address="+address,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.enable-otlp-receiver")
	client, err := api.NewClient(api.Config{Address: server})
	if err != nil {
		t.Fatal(err)
	}
	testPusher(t, "otlp", "", []string{"-url", server + "/api/v1/otlp/v1/metrics"}, func() (map[string]float64, error) {
		return queriedValues(t, promv1.NewAPI(client))
	})
}

// queriedValues returns the values of the example program's series in Prometheus.
func queriedValues(t *testing.T, prom promv1.API) (map[string]float64, error) {
	t.Helper()
	result, _, _, err := prom.Query(t.Context(), `{job="demo"}`, time.Now())
	if err != nil {
		return nil, err
	}
	vector, ok := result.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("got a %T", result)
	}
	values := make(map[string]float64)
	for _, sample := range vector {
		values[string(sample.Metric[model.MetricNameLabel])] = float64(sample.Value)
	}
	return values, nil
}
