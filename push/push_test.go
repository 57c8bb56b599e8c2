package push_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
)

// TestPush checks that instruments and registries of package metric can be pushed, a registry under a
// context.
func TestPush(t *testing.T) {
	var path, body string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.Path
		text, _ := io.ReadAll(r.Body)
		body = string(text)
	}))
	defer server.Close()

	r := metric.NewRegistry()
	r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "backup_size_bytes", Help: "A gauge."}))
	c := metric.NewCounter(metric.CounterOpts{Name: "backups_total", Help: "A counter."})
	c.Inc()
	err := push.New(server.URL, "backup").Gatherer(metric.BindGatherer(t.Context(), r)).Collector(c).PushContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := "PUT /metrics/job/backup"; path != want {
		t.Errorf("the request was %s, want %s", path, want)
	}
	for _, name := range []string{"backup_size_bytes", "backups_total"} {
		if !strings.Contains(body, name) {
			t.Errorf("%s was not pushed", name)
		}
	}
}
