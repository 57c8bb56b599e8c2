//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/luxfi/metric/push/remotewrite"
)

// receiver is a server that accepts remote writes. It keeps its address and its data when it restarts.
type receiver struct {
	name     string
	protocol remotewrite.Protocol // newest version that it accepts
	address  string
	data     string // folder or file with the received data
	program  string
	args     []string
	ready    string // path that answers 200 when the server is ready; if empty, any answer shows that it is ready

	test    *testing.T // the server ends with this test
	process *process
}

// The names of the receivers other than Prometheus.
const (
	victoriaMetricsName = "VictoriaMetrics"
	collectorName       = "Collector"
)

// url returns the URL for remote writes.
func (r *receiver) url() string { return "http://" + r.address + "/api/v1/write" }

// start starts the server and returns when it is ready.
func (r *receiver) start(t *testing.T) {
	t.Helper()
	r.process = start(r.test, r.program, r.args...)
	eventually(t, func() error {
		response, err := http.Get("http://" + r.address + r.ready)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", r.name, err, r.process.out.String())
		}
		defer response.Body.Close()
		if r.ready != "" && response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", r.name, response.Status)
		}
		return nil
	})
}

// prometheusFeatures enables the features that receiving servers need. With use-start-timestamps, queries
// can ask for start timestamps.
const prometheusFeatures = "--enable-feature=exemplar-storage,metadata-wal-records,st-storage,use-start-timestamps,promql-experimental-functions"

// newPrometheus starts a Prometheus that accepts remote writes of one version, or of both with Auto.
func newPrometheus(t *testing.T, name string, protocol remotewrite.Protocol) *receiver {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &receiver{
		name: name, protocol: protocol, address: steadyAddress(t), data: filepath.Join(dir, "data"),
		program: builtTools(t).prometheus, ready: "/-/ready", test: t,
	}
	r.args = []string{
		"--config.file=" + config, "--storage.tsdb.path=" + r.data, "--web.listen-address=" + r.address,
		"--web.enable-remote-write-receiver", prometheusFeatures,
	}
	accepted := map[remotewrite.Protocol][]string{
		remotewrite.V1:   {"prometheus.WriteRequest"},
		remotewrite.V2:   {"io.prometheus.write.v2.Request"},
		remotewrite.Auto: {"prometheus.WriteRequest", "io.prometheus.write.v2.Request"},
	}
	for _, message := range accepted[protocol] {
		r.args = append(r.args, "--web.remote-write-receiver.accepted-protobuf-messages="+message)
	}
	if protocol == remotewrite.Auto {
		r.protocol = remotewrite.V2
	}
	r.start(t)
	return r
}

// newVictoriaMetrics starts a VictoriaMetrics. Its samples can be queried as soon as it has flushed them.
func newVictoriaMetrics(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{
		name: victoriaMetricsName, protocol: remotewrite.V1, address: steadyAddress(t), data: t.TempDir(),
		program: needProgram(t, "victoria-metrics", "victoria-metrics"), ready: "/health", test: t,
	}
	r.args = []string{"-storageDataPath=" + r.data, "-httpListenAddr=" + r.address, "-search.latencyOffset=1ms"}
	r.start(t)
	return r
}

// newCollector starts the receiver of the OpenTelemetry Collector.
func newCollector(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{
		name: collectorName, protocol: remotewrite.V2, address: steadyAddress(t),
		data: filepath.Join(t.TempDir(), "metrics.jsonl"), program: builtTools(t).otelcol, test: t,
	}
	r.args = []string{"-listen", r.address, "-file", r.data}
	r.start(t)
	return r
}

// lastPort is the last port that steadyAddress returned.
var lastPort atomic.Int32

// steadyAddress returns an address that stays free while nothing listens on it. Unlike a port from
// freeAddress, the system never assigns its port to a connection.
func steadyAddress(t *testing.T) string {
	t.Helper()
	const first, ports = 15_000, 15_000
	lastPort.CompareAndSwap(0, int32(first+os.Getpid()*16%ports))
	for range ports {
		address := fmt.Sprintf("127.0.0.1:%d", first+(lastPort.Add(1)-first)%ports)
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// api returns a client of the server's HTTP API.
func (r *receiver) api(t *testing.T) promv1.API {
	t.Helper()
	client, err := api.NewClient(api.Config{Address: "http://" + r.address})
	if err != nil {
		t.Fatal(err)
	}
	return promv1.NewAPI(client)
}
