package bench_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"github.com/prometheus/prometheus/prompb"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push/remotewrite"
)

// protocols are the versions of remote write.
var protocols = [...]remotewrite.Protocol{remotewrite.V1, remotewrite.V2}

// receiver accepts all requests. It is both an [http.RoundTripper] without a network and the handler of a server.
type receiver struct {
	requests, bytes int
	accept          func(r *http.Request, body []byte) // if not nil, called with each request
}

// written returns the header of an answer that confirms any number of samples.
func written() http.Header {
	return http.Header{"X-Prometheus-Remote-Write-Samples-Written": {"1000000000"}}
}

func (r *receiver) read(request *http.Request) error {
	var body []byte
	r.requests++
	if r.accept != nil {
		body = must(io.ReadAll(request.Body))
		r.accept(request, body)
	}
	n, err := io.Copy(io.Discard, request.Body)
	r.bytes += int(n) + len(body)
	return err
}

// RoundTrip reads the request and answers it.
func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := r.read(request); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "204 No Content", StatusCode: http.StatusNoContent, Header: written(), Body: http.NoBody, Request: request,
	}, request.Body.Close()
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if err := r.read(request); err != nil {
		panic(err)
	}
	maps.Copy(w.Header(), written())
	w.WriteHeader(http.StatusNoContent)
}

// pusher pushes its series once.
type pusher func(context.Context) error

func pushOurs(kind string, n int, url string, client *http.Client, protocol remotewrite.Protocol) pusher {
	return must(remotewrite.New(url+"/api/v1/write", pushed(kind, n), remotewrite.Opts{
		Target: remotewrite.Target{Client: client, Protocol: protocol},
	})).Push
}

func pushed(kind string, n int) metric.GathererWithContext {
	g, ok := exposeOurs(kind, n).gatherer.(metric.GathererWithContext)
	if !ok {
		panic("the registry takes no context")
	}
	return g
}

// pushVictoria pushes text, the only format that VictoriaMetrics/metrics pushes.
func pushVictoria(kind string, n int, url string, opts victoriametrics.PushOptions) pusher {
	set := victoriaSet(kind, n)
	return func(ctx context.Context) error { return set.PushMetrics(ctx, url+"/api/v1/import/prometheus", &opts) }
}

// BenchmarkPush measures pushes by remote write, without a network. It starts with the second push, because the
// first one learns which series exist.
func BenchmarkPush(b *testing.B) {
	for _, c := range []struct {
		kind string
		n    int
	}{{counters, 1000}, {counters, 100_000}, {histograms, 10_000}} {
		for _, protocol := range protocols {
			b.Run(pushName(c.kind, c.n, protocol), func(b *testing.B) {
				for _, peer := range []struct {
					name  string
					begin func(kind string, n int, url string, client *http.Client, protocol remotewrite.Protocol) pusher
				}{{ours, pushOurs}, {golang, pushGolang}} {
					b.Run("peer="+peer.name, func(b *testing.B) {
						r := &receiver{}
						push := peer.begin(c.kind, c.n, "http://localhost", &http.Client{Transport: r}, protocol)
						push.measure(b, c.n, r)
					})
				}
			})
		}
	}
}

// BenchmarkPushLoopback measures pushes to a server over a TCP connection that is kept alive, because
// VictoriaMetrics/metrics can push only over a connection. VictoriaMetrics/metrics sends text, compressed or
// not, regardless of the other peers' protocol.
func BenchmarkPushLoopback(b *testing.B) {
	for _, c := range []struct {
		kind string
		n    int
	}{{counters, 100_000}, {histograms, 10_000}} {
		for _, protocol := range protocols {
			b.Run(pushName(c.kind, c.n, protocol), func(b *testing.B) {
				run := func(peer string, begin func(url string) pusher) {
					b.Run("peer="+peer, func(b *testing.B) {
						r := &receiver{}
						server := httptest.NewServer(r)
						defer server.Close()
						defer http.DefaultClient.CloseIdleConnections() // victoria uses the default client
						begin(server.URL).measure(b, c.n, r)
					})
				}
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				run(ours, func(url string) pusher { return pushOurs(c.kind, c.n, url, client, protocol) })
				run(golang, func(url string) pusher { return pushGolang(c.kind, c.n, url, client, protocol) })
				run(victoria, func(url string) pusher {
					return pushVictoria(c.kind, c.n, url, victoriametrics.PushOptions{Method: http.MethodPost})
				})
				run(victoriaIdentity, func(url string) pusher {
					return pushVictoria(c.kind, c.n, url, victoriametrics.PushOptions{Method: http.MethodPost, DisableCompression: true})
				})
			})
		}
	}
}

func pushName(kind string, n int, protocol remotewrite.Protocol) string {
	return fmt.Sprintf("kind=%s/series=%d/protocol=%v", kind, n, protocol)
}

// measure measures push. Besides the time, it reports the allocations per request and the total size of the requests.
func (push pusher) measure(b *testing.B, n int, r *receiver) {
	b.Helper()
	push.twice(b)
	*r = receiver{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	for b.Loop() {
		if err := push(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	perSeries(b, n)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(r.requests), "allocs/request")
	b.ReportMetric(float64(r.requests)/float64(b.N), "requests")
	b.ReportMetric(float64(r.bytes)/float64(b.N), "bytes")
}

// twice pushes two times, so that the benchmark does not measure one-time work.
func (push pusher) twice(b *testing.B) {
	b.Helper()
	for range 2 {
		if err := push(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSamePush checks that our library and client_golang push the same samples.
func TestSamePush(t *testing.T) {
	for _, protocol := range protocols {
		t.Run(protocol.String(), func(t *testing.T) {
			samplesOf := func(begin func(string, int, string, *http.Client, remotewrite.Protocol) pusher) map[string]float64 {
				samples := make(map[string]float64)
				r := &receiver{accept: func(_ *http.Request, body []byte) {
					body = must(snappy.Decode(nil, body))
					if protocol == remotewrite.V1 {
						samplesOfV1(t, body, samples)
					} else {
						samplesOfV2(t, body, samples)
					}
				}}
				if err := begin(mixed, 100, "http://localhost", &http.Client{Transport: r}, protocol)(t.Context()); err != nil {
					t.Fatal(err)
				}
				return samples
			}
			got, want := samplesOf(pushOurs), samplesOf(pushGolang)
			if n := 50 + 33 + 17*14; len(got) != n || !maps.Equal(got, want) {
				t.Errorf("pushed %d samples, want these %d, which are %d:\n%v\n%v", len(got), n, len(want), got, want)
			}
		})
	}
}

func samplesOfV1(t *testing.T, body []byte, into map[string]float64) {
	t.Helper()
	var request prompb.WriteRequest
	if err := request.Unmarshal(body); err != nil {
		t.Fatal(err)
	}
	for _, ts := range request.Timeseries {
		var labels []string
		for _, l := range ts.Labels {
			labels = append(labels, l.Name, l.Value)
		}
		into[fmt.Sprintf("%q", labels)] = ts.Samples[0].Value
	}
}

func samplesOfV2(t *testing.T, body []byte, into map[string]float64) {
	t.Helper()
	var request writev2.Request
	if err := request.UnmarshalVT(body); err != nil {
		t.Fatal(err)
	}
	for _, ts := range request.Timeseries {
		labels := writev2.DesymbolizeLabels(ts.LabelsRefs, request.Symbols, nil)
		into[fmt.Sprintf("%q", append(labels, ts.Metadata.Type.String()))] = ts.Samples[0].Value
	}
}
