package bench_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/prometheus/common/expfmt"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// expfmtPeer parses and encodes with prometheus/common.
const expfmtPeer = "expfmt"

// BenchmarkRemote gathers the series of another process and serves them again, in the same
// format, without a network and without compression.
func BenchmarkRemote(b *testing.B) {
	for _, kind := range []string{counters, histograms} {
		for _, n := range []int{1000, 100_000} {
			if kind == histograms {
				n /= 10
			}
			for _, ask := range []request{text, openMetrics, protobuf} {
				b.Run(fmt.Sprintf("kind=%s/series=%d/format=%s", kind, n, ask.format), func(b *testing.B) {
					e := exposeOurs(kind, n)
					w := httptest.NewRecorder()
					e.handler.ServeHTTP(w, must(newRequest(ask, "http://localhost/metrics")))
					page := page{w.Header().Clone(), w.Body.Bytes()}
					b.Run("peer="+ours, func(b *testing.B) { page.relay(b, ask, n) })
					if ask.format != openMetrics.format { // expfmt cannot read OpenMetrics.
						b.Run("peer="+expfmtPeer, func(b *testing.B) { page.transcode(b, n) })
					}
				})
			}
		}
	}
}

// page is a metrics page.
type page struct {
	header http.Header
	body   []byte
}

// RoundTrip answers every request with the page.
func (p *page) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Header: p.header, Body: io.NopCloser(bytes.NewReader(p.body)),
		ContentLength: int64(len(p.body)),
	}, nil
}

func (p *page) relay(b *testing.B, ask request, n int) {
	target := must(remote.New("http://localhost/metrics", remote.Opts{Client: &http.Client{Transport: p}}))
	e := exposition{handler: metric.HandlerFor(target)}
	if got := e.scrape(ask); got != len(p.body) {
		b.Fatalf("of %d bytes %d are served", len(p.body), got)
	}
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		e.scrape(ask)
	}
	perSeries(b, n)
}

func (p *page) transcode(b *testing.B, n int) {
	format := expfmt.ResponseFormat(p.header)
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		d, w := expfmt.NewDecoder(bytes.NewReader(p.body), format), &discarding{}
		e := expfmt.NewEncoder(w, format)
		for {
			var mf dto.MetricFamily
			err := d.Decode(&mf)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if err := e.Encode(&mf); err != nil {
				b.Fatal(err)
			}
		}
		if w.bytes != len(p.body) {
			b.Fatalf("of %d bytes %d are served", len(p.body), w.bytes)
		}
	}
	perSeries(b, n)
}

// BenchmarkWrapped serves a vector of a million counters, both directly and through gatherers that
// add a prefix and a label.
func BenchmarkWrapped(b *testing.B) {
	const n = 1_000_000
	e := exposeOurs(counters, n)
	prefixed, labeled := metric.NewPrefixGatherer(), metric.NewLabelGatherer("instance")
	if err := prefixed.Register("app", e.gatherer); err != nil {
		b.Fatal(err)
	}
	if err := labeled.Register("host-1:9100", prefixed); err != nil {
		b.Fatal(err)
	}
	for _, through := range []struct {
		name string
		g    metric.Gatherer
	}{{"nothing", e.gatherer}, {"prefix+label", labeled}} {
		b.Run("through="+through.name+"/peer="+ours, func(b *testing.B) {
			e := exposition{handler: metric.HandlerFor(through.g)}
			e.scrape(text)
			runtime.GC()
			b.ReportAllocs()
			for b.Loop() {
				e.scrape(text)
			}
			perSeries(b, n)
		})
	}
}
