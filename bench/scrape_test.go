package bench_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkScrape measures scrapes through the handler, without a network.
func BenchmarkScrape(b *testing.B) {
	for _, c := range []struct {
		kind string
		n    []int
		asks []request
	}{
		{counters, []int{1000, 10_000, 100_000, 1_000_000}, []request{text}},
		{counters, []int{100_000}, []request{
			openMetrics, protobuf, text.compressed("gzip"), text.compressed("zstd"), protobuf.compressed("gzip"),
		}},
		{gauges, []int{1000, 100_000}, []request{text, openMetrics, protobuf, text.compressed("gzip")}},
		{gauges, []int{1_000_000}, []request{text}},
		{histograms, []int{1000, 10_000}, []request{text, openMetrics, protobuf, text.compressed("gzip"), text.compressed("zstd")}},
		{histograms, []int{100_000}, []request{text}}, // 1,400,000 lines
		{mixed, []int{1000, 100_000}, []request{text, openMetrics, protobuf, text.compressed("gzip"), text.compressed("zstd")}},
		{mixed, []int{1_000_000}, []request{text}},
	} {
		for _, n := range c.n {
			for _, ask := range c.asks {
				b.Run(scrapeName(c.kind, n, ask), func(b *testing.B) {
					eachExposition(b, c.kind, n, ask, func(b *testing.B, e *exposition) {
						bytes := 0
						for b.Loop() {
							bytes = e.scrape(ask)
						}
						b.ReportMetric(float64(bytes), "bytes")
					})
				})
			}
		}
	}
}

// BenchmarkLoopback measures scrapes over a TCP connection that is kept alive.
func BenchmarkLoopback(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		for _, ask := range []request{text, text.compressed("gzip"), text.compressed("zstd"), protobuf.compressed("gzip")} {
			b.Run(scrapeName(counters, n, ask), func(b *testing.B) {
				eachExposition(b, counters, n, ask, func(b *testing.B, e *exposition) {
					server := httptest.NewServer(e.handler)
					defer server.Close()
					client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
					defer client.CloseIdleConnections()
					for b.Loop() {
						fetch(client, server.URL, ask)
					}
				})
			})
		}
	}
}

// BenchmarkGather measures gathering into MetricFamily structs.
func BenchmarkGather(b *testing.B) {
	for _, kind := range []string{counters, histograms} {
		for _, n := range []int{1000, 10_000, 100_000} {
			if kind == histograms && n > 10_000 {
				continue
			}
			b.Run(fmt.Sprintf("kind=%s/series=%d", kind, n), func(b *testing.B) {
				eachExposition(b, kind, n, protobuf, func(b *testing.B, e *exposition) {
					for b.Loop() {
						must(e.gatherer.Gather())
					}
				})
			})
		}
	}
}

func scrapeName(kind string, n int, ask request) string {
	return fmt.Sprintf("kind=%s/series=%d/format=%s/compression=%s", kind, n, ask.format, ask.compression)
}

// eachExposition measures all peers that can answer the request. With a million series, it
// measures only ours and the fastest peer, because the others take seconds and gigabytes.
func eachExposition(b *testing.B, kind string, n int, ask request, measure func(*testing.B, *exposition)) {
	b.Helper()
	for _, peer := range exposers {
		if !ask.speaks(peer.peer) || n > 100_000 && peer.peer != ours && peer.peer != victoria {
			continue
		}
		b.Run("peer="+peer.peer, func(b *testing.B) {
			b.ReportAllocs()
			e := peer.expose(kind, n)
			if e.handler != nil {
				e.scrape(ask) // Do not measure one-time work.
			}
			runtime.GC()
			measure(b, &e)
			perSeries(b, n)
		})
	}
}

// TestSameWork checks that all peers write the same number of samples.
func TestSameWork(t *testing.T) {
	for kind, want := range map[string]int{counters: 100, gauges: 100, histograms: 1400, mixed: 50 + 33 + 17*14} {
		for _, peer := range exposers {
			t.Run(kind+"/"+peer.peer, func(t *testing.T) {
				e := peer.expose(kind, 100)
				w := httptest.NewRecorder()
				e.handler.ServeHTTP(w, must(newRequest(text, "http://localhost/metrics")))
				samples := 0
				for line := range strings.Lines(w.Body.String()) {
					if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "target_info") {
						samples++
					}
				}
				if samples != want {
					t.Errorf("got %d samples, want %d", samples, want)
				}
			})
		}
	}
}
