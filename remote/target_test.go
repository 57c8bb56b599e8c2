package remote_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

func TestSmoke(t *testing.T) {
	reg := metric.NewContextRegistry()
	c := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"code"})
	reg.MustRegister(c)
	c.WithLabelValues("200").Add(3)
	c.WithLabelValues("500").Add(1)
	server := httptest.NewServer(metric.HandlerFor(reg))
	defer server.Close()
	target, err := remote.New(server.URL, remote.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	mfs, err := target.Gather()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(mfs)
	top := metric.NewContextRegistry()
	top.MustRegisterWith(target, metric.WithCache(1e9))
	rec := httptest.NewRecorder()
	metric.HandlerFor(metric.NewShardedGatherer(top, target)).ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	t.Log(rec.Body.String())
	if !strings.Contains(rec.Body.String(), `requests_total{code="500"} 1`) {
		t.Error("x")
	}
}
