package promhttp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// A tripper registers new metrics with r and wraps next in instrumentation that updates them.
type tripper func(r metric.Registerer, labels []string, next http.RoundTripper, opts ...promhttp.Option) http.RoundTripper

var trippers = map[string]struct{ ours, theirs tripper }{
	"counter": {
		func(r metric.Registerer, labels []string, next http.RoundTripper, opts ...promhttp.Option) http.RoundTripper {
			return promhttp.InstrumentRoundTripperCounter(registered(r, metric.NewCounterVec(counterOpts, labels)), next, opts...)
		},
		func(r metric.Registerer, labels []string, next http.RoundTripper, opts ...promhttp.Option) http.RoundTripper {
			return clienthttp.InstrumentRoundTripperCounter(registered(r, prometheus.NewCounterVec(counterOpts, labels)), next, opts...)
		},
	},
	"duration": {
		func(r metric.Registerer, labels []string, next http.RoundTripper, opts ...promhttp.Option) http.RoundTripper {
			return promhttp.InstrumentRoundTripperDuration(registered(r, ourHistogram("duration_seconds", labels)), next, opts...)
		},
		func(r metric.Registerer, labels []string, next http.RoundTripper, opts ...promhttp.Option) http.RoundTripper {
			return clienthttp.InstrumentRoundTripperDuration(registered(r, theirHistogram("duration_seconds", labels)), next, opts...)
		},
	},
}

var errTrip = errors.New("no way through")

// scriptedTrip returns a response, returns an error, or panics, depending on the path of the request.
func scriptedTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case "/error":
		return nil, errTrip
	case "/panic":
		panic("the RoundTripper panics")
	case "/missing":
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Request: r}, nil
	default:
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	}
}

// playTrips sends requests of all kinds through rt.
func playTrips(t *testing.T, rt http.RoundTripper) {
	for _, method := range []string{http.MethodGet, http.MethodPost, "BREW"} {
		for _, path := range []string{"/", "/missing", "/error", "/panic"} {
			r := httptest.NewRequest(method, path, http.NoBody)
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, "blue"))
			recovered(func() {
				resp, err := rt.RoundTrip(r)
				if (path == "/error") != errors.Is(err, errTrip) {
					t.Errorf("%s: got error %v", path, err)
				}
				if err == nil {
					resp.Body.Close()
				}
			})
		}
	}
}

func TestInstrumentRoundTripper(t *testing.T) {
	colour := promhttp.WithLabelFromCtx("colour", func(ctx context.Context) string { return fmt.Sprint(ctx.Value(contextKey{})) })
	path := promhttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path })
	exemplar := promhttp.WithExemplarFromContext(func(ctx context.Context) metric.Labels {
		return metric.Labels{"span": fmt.Sprint(ctx.Value(contextKey{}))}
	})
	for name, i := range trippers {
		for _, tc := range []struct {
			name   string
			labels []string
			opts   []promhttp.Option
		}{
			{"no labels", nil, nil},
			{"code", []string{"code"}, nil},
			{"both", []string{"method", "code"}, []promhttp.Option{promhttp.WithExtraMethods("BREW")}},
			{"all labels", []string{"path", "colour", "method"}, []promhttp.Option{colour, path}},
			{"exemplar", []string{"code"}, []promhttp.Option{exemplar}},
		} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				ours, theirs := metric.NewRegistry(), prometheus.NewRegistry()
				playTrips(t, i.ours(ours, tc.labels, promhttp.RoundTripperFunc(scriptedTrip), tc.opts...))
				playTrips(t, i.theirs(theirs, tc.labels, promhttp.RoundTripperFunc(scriptedTrip), tc.opts...))
				sameGathered(t, ours, theirs)
			})
		}
		t.Run(name+"/bad label", func(t *testing.T) {
			got := recovered(func() { i.ours(metric.NewRegistry(), []string{"tenant"}, nil) })
			want := recovered(func() { i.theirs(prometheus.NewRegistry(), []string{"tenant"}, nil) })
			if want == nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got panic %v, want %v", got, want)
			}
		})
	}
}

func TestInstrumentRoundTripperInFlight(t *testing.T) {
	g := metric.NewGauge(metric.GaugeOpts{Name: "in_flight"})
	inside := 0.0
	rt := promhttp.InstrumentRoundTripperInFlight(g, promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) {
		inside = g.Get()
		return nil, errTrip
	}))
	if _, err := rt.RoundTrip(httptest.NewRequest(http.MethodGet, "/", http.NoBody)); !errors.Is(err, errTrip) { //nolint:bodyclose // There is no body.
		t.Errorf("got error %v", err)
	}
	if inside != 1 || g.Get() != 0 {
		t.Errorf("got %v while a request was under way, and %v after it", inside, g.Get())
	}
}

func TestInstrumentRoundTripperTrace(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }))
	defer server.Close()
	server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1) // A name causes DNS events.
	events := metric.NewHistogramVec(histogramOpts("event_seconds"), []string{"event"})
	observe := func(event string) func(float64) {
		return func(seconds float64) {
			if seconds < 0 {
				t.Errorf("%s after %v s", event, seconds)
			}
			events.WithLabelValues(event).Observe(seconds)
		}
	}
	transport, _ := server.Client().Transport.(*http.Transport)
	transport.TLSClientConfig.InsecureSkipVerify = true // The certificate is for another name.
	client := &http.Client{Transport: promhttp.InstrumentRoundTripperTrace(&promhttp.InstrumentTrace{
		GotConn: observe("got"), PutIdleConn: observe("put"), GotFirstResponseByte: observe("first byte"),
		DNSStart: observe("DNS start"), DNSDone: observe("DNS done"),
		ConnectStart: observe("connect start"), ConnectDone: observe("connect done"),
		TLSHandshakeStart: observe("TLS start"), TLSHandshakeDone: observe("TLS done"),
		WroteHeaders: observe("wrote"), WroteRequest: nil,
	}, transport)}
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "served" {
		t.Errorf("got body %q and error %v", body, err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	r := metric.NewRegistry()
	r.MustRegister(events)
	var got []string
	for _, m := range gathered(t, r)[0].GetMetric() {
		got = append(got, m.GetLabel()[0].GetValue())
	}
	want := "DNS done DNS start TLS done TLS start connect done connect start first byte got wrote"
	if all := strings.Join(got, " "); all != want && all != strings.Replace(want, "got", "got put", 1) {
		t.Errorf("got events %q", all)
	}
}
