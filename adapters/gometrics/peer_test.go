package gometrics_test

import (
	"testing"

	metrics "github.com/hashicorp/go-metrics"
	peer "github.com/hashicorp/go-metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gometrics"
)

var (
	gaugeDefinitions = []peer.GaugeDefinition{
		{Name: key("consul", "autopilot", "healthy"), Help: "Whether all servers are healthy."},
		{Name: key("consul", "state", "nodes"), ConstLabels: labels("datacenter", "dc1"), Help: "Nodes that are registered."},
	}
	counterDefinitions = []peer.CounterDefinition{
		{Name: key("consul", "rpc", "query"), Help: "Queries by RPC."},
		{Name: key("consul", "never", "counted"), Help: "Never counted."},
	}
	summaryDefinitions = []peer.SummaryDefinition{
		{Name: key("consul", "kvs", "apply"), Help: "How long it takes to change the key-value store."},
	}
)

// program makes updates as the programs of HashiCorp make them.
func program(m *metrics.Metrics) {
	// These are from Consul.
	m.SetGauge(key("autopilot", "healthy"), 1)
	m.SetGaugeWithLabels(key("state", "nodes"), 5, labels("datacenter", "dc1"))
	m.SetGaugeWithLabels(key("state", "nodes"), 3, labels("datacenter", "dc2"))
	m.SetGaugeWithLabels(key("members", "clients"), 12, labels("datacenter", "dc1"))
	m.SetPrecisionGauge(key("raft", "leader", "oldestLogAge"), 1<<40+1)
	for i := range 20 {
		m.IncrCounter(key("rpc", "query"), 1)
		m.IncrCounterWithLabels(key("rpc", "cross-dc"), 0.5, labels("datacenter", "dc2"))
		m.AddSample(key("kvs", "apply"), float32(i)/2)
		m.AddSampleWithLabels(key("rpc", "server", "call"), float32(i),
			labels("method", "Catalog.ListServices", "errored", "false", "request_type", "read", "rpc_type", "net/rpc", "leader", "true"))
		m.AddSample(key("raft", "replication", "appendEntries", "rpc", "8a1b7d4c-3a0f-4a4e-bb2c-6f0f1e2d3c4b"), float32(i)/8)
	}
	m.IncrCounter(key("raft", "state", "leader"), 1)
	m.IncrCounter(key("acl", "token", "cache_hit"), 7)
	m.AddSample(key("fsm", "kvs"), 0.25)
	m.SetGauge(key("version"), 0)
	// These are from Nomad.
	m.SetGaugeWithLabels(key("client", "allocs", "memory", "usage"), 64<<20,
		labels("job", "web/periodic-1700000000", "task_group", "frontend", "alloc_id", "d1", "task", "nginx", "namespace", "default"))
	m.IncrCounterWithLabels(key("nomad", "worker", "dequeue_eval"), 2, labels("node_class", "none", "host", "10.0.0.1:4646"))
	m.AddSample(key("nomad", "plan", "evaluate"), 3)
	// These are from Vault.
	m.IncrCounterWithLabels(key("token", "creation"), 1, labels("auth_method", "approle", "mount_point", "auth/approle/", "token_type", "service"))
	m.AddSampleWithLabels(key("route", "read", "secret-"), 1.5, labels("cluster", "vault cluster"))
	m.AddSample(key("barrier", "put"), 2)
	m.SetGaugeWithLabels(key("core", "unsealed"), 1, labels("cluster", "vault-cluster-1a2b"))
}

func programMetrics(t testing.TB, sink metrics.MetricSink) *metrics.Metrics {
	t.Helper()
	config := metrics.DefaultConfig("consul")
	config.HostName, config.EnableHostname, config.EnableRuntimeMetrics = "host-1.example", false, false
	m, err := metrics.New(config, sink)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSameAsPeer makes the same updates of this sink and of the sink in go-metrics' package prometheus, and
// compares their metrics.
func TestSameAsPeer(t *testing.T) {
	theirRegistry := prometheus.NewRegistry()
	theirs, err := peer.NewPrometheusSinkFrom(peer.PrometheusOpts{
		Registerer: theirRegistry, GaugeDefinitions: gaugeDefinitions, CounterDefinitions: counterDefinitions, SummaryDefinitions: summaryDefinitions,
	})
	if err != nil {
		t.Fatal(err)
	}
	var f failures
	ours, r := newSink(t, gometrics.OnError(f.add),
		gometrics.WithGauges(gaugeDefinitions...), gometrics.WithCounters(counterDefinitions...), gometrics.WithSamples(summaryDefinitions...))
	foreign := prometheus.NewRegistry()
	inForeign, err := gometrics.NewSink(foreign,
		gometrics.WithGauges(gaugeDefinitions...), gometrics.WithCounters(counterDefinitions...), gometrics.WithSamples(summaryDefinitions...))
	if err != nil {
		t.Fatal(err)
	}

	program(programMetrics(t, metrics.FanoutSink{theirs, ours, inForeign}))

	got := expose(t, r)
	wantText(t, got, expose(t, theirRegistry))
	wantText(t, expose(t, foreign), got)
	golden(t, "testdata/consul.txt", got)
	if len(f.list) > 0 {
		t.Errorf("errors: %v", f.list)
	}
}

// TestPeersFaults makes updates that break the other sink: its next scrapes fail, or lose or duplicate
// data.
func TestPeersFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		calls func(metrics.MetricSink)
		want  string
	}{
		"counter and gauge": {func(s metrics.MetricSink) {
			s.IncrCounter(key("a"), 1)
			s.SetGauge(key("a"), 2)
		}, "a 1\na_gauge 2\n"},
		"order of labels": {func(s metrics.MetricSink) {
			s.IncrCounterWithLabels(key("a"), 1, labels("x", "1", "y", "2"))
			s.IncrCounterWithLabels(key("a"), 1, labels("y", "2", "x", "1"))
		}, "a{x=\"1\",y=\"2\"} 2\n"},
		"name of a label": {func(s metrics.MetricSink) {
			s.SetGaugeWithLabels(key("a"), 1, labels("", "1"))
		}, "a{_=\"1\"} 1\n"},
		"value of a label": {func(s metrics.MetricSink) {
			s.SetGaugeWithLabels(key("a"), 1, labels("b", "\xff"))
		}, "a{b=\"\uFFFD\"} 1\n"},
		"NaN counter": {func(s metrics.MetricSink) {
			s.IncrCounter(key("a"), 1)
			s.IncrCounter(key("a"), nan)
			s.IncrCounter(key("a"), 1)
		}, "a 2\ngometrics_dropped_updates_total{reason=\"value\"} 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			theirRegistry := prometheus.NewPedanticRegistry()
			theirs, err := peer.NewPrometheusSinkFrom(peer.PrometheusOpts{Registerer: theirRegistry})
			if err != nil {
				t.Fatal(err)
			}
			ours, r := newSink(t, gometrics.OnError(nil))
			func() {
				defer func() { _ = recover() }()
				tc.calls(theirs)
			}()
			tc.calls(ours)
			wantText(t, samples(t, r), tc.want)
			if families, err := theirRegistry.Gather(); err == nil && samples(t, metric.Gatherers{gathered(families)}) == tc.want {
				t.Error("the other sink has no such fault any more")
			}
		})
	}
}

// gathered is a gatherer that returns the given families.
type gathered []*metric.MetricFamily

func (g gathered) Gather() ([]*metric.MetricFamily, error) { return g, nil }
