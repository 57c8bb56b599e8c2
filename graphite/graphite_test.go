package graphite_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/graphite"
)

// TestDefaultGatherer checks that a bridge without a gatherer pushes the metrics of this module's default
// registry.
func TestDefaultGatherer(t *testing.T) {
	c := metric.NewCounter(metric.CounterOpts{Name: "graphite_test_total", Help: "A counter."})
	metric.MustRegister(c)
	defer metric.Unregister(c)
	c.Add(42)

	if got := pushed(t, &graphite.Config{Prefix: "x"}); !strings.Contains(got, "x.graphite_test_total 42") {
		t.Errorf("the counter of the default registry is missing in:\n%s", got)
	}
	own := graphite.Config{Prefix: "x", Gatherer: metric.NewRegistry()}
	if got := pushed(t, &own); got != "" {
		t.Errorf("an empty registry gives:\n%s", got)
	}
}

// pushed returns the text that a bridge with the given configuration sends.
func pushed(t *testing.T, config *graphite.Config) string {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	received := make(chan string, 1)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			received <- err.Error()
			return
		}
		defer conn.Close()
		text, _ := io.ReadAll(conn)
		received <- string(text)
	}()
	config.URL = server.Addr().String()
	bridge, err := graphite.NewBridge(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := bridge.Push(); err != nil {
		t.Fatal(err)
	}
	return <-received
}
