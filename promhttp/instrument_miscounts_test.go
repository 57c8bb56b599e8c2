package promhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// labelSets returns the labels of every series that r gathers, as name=value.
func labelSets(t *testing.T, r metric.Gatherer) (all []string) {
	t.Helper()
	for _, f := range gathered(t, r) {
		for _, m := range f.GetMetric() {
			var pairs []string
			for _, l := range m.GetLabel() {
				pairs = append(pairs, l.GetName()+"="+l.GetValue())
			}
			all = append(all, strings.Join(pairs, ","))
		}
	}
	return all
}

// TestStatusThatIsSent checks responses for which client_golang counts a status that the client does not
// receive.
func TestStatusThatIsSent(t *testing.T) {
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		code  string
		sends bool // whether the handler itself sends the header
	}{
		"early hints":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(404) }, "404", true},
		"early hints, then a body": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); _, _ = io.WriteString(w, "x") }, "200", true},
		"early hints and nothing":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103) }, "200", false},
		"continue":                 {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(100); w.WriteHeader(204) }, "204", true},
		"twice":                    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(500) }, "404", true},
		"after a body":             {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x"); w.WriteHeader(500) }, "200", true},
		"after a flush": {func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			w.WriteHeader(500)
		}, "200", true},
		"unknown": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(700) }, "unknown", true},
		"invalid, then an error": {func(w http.ResponseWriter, _ *http.Request) {
			recovered(func() { w.WriteHeader(-1) })
			w.WriteHeader(500)
		}, "500", true},
	} {
		t.Run(name, func(t *testing.T) {
			for instrumentation, i := range instruments {
				r := metric.NewRegistry()
				h := i.ours(r, []string{"code"}, tc.serve)
				server := httptest.NewUnstartedServer(h)
				server.Config.ErrorLog = discard // The server logs superfluous headers.
				server.Start()
				resp, err := server.Client().Get(server.URL)
				server.Close() // The handler has returned only after this.
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				want := []string{"code=" + tc.code}
				if instrumentation == "time to write header" && !tc.sends {
					want = nil
				}
				if got := labelSets(t, r); !slices.Equal(got, want) {
					t.Errorf("%s: got series %q, want %q; the client got %d", instrumentation, got, want, resp.StatusCode)
				}
				if tc.code != "unknown" && fmt.Sprint(resp.StatusCode) != tc.code {
					t.Errorf("%s: the client got %d", instrumentation, resp.StatusCode)
				}
			}
			r := metric.NewRegistry()
			request(promhttp.InstrumentMetricHandler(r, tc.serve), "/")
			for _, m := range gathered(t, r)[1].GetMetric() {
				code, n := m.GetLabel()[0].GetValue(), m.GetCounter().GetValue()
				if (code == tc.code) != (n == 1) || n > 1 {
					t.Errorf("the handler of metrics has counted %v with code %s", n, code)
				}
			}
		})
	}
}

// TestUnusualResponses checks the handling of results that a RoundTripper must not return.
func TestUnusualResponses(t *testing.T) {
	path := promhttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path })
	other := httptest.NewRequest(http.MethodGet, "/other", http.NoBody)
	for name, tc := range map[string]struct {
		resp *http.Response
		want []string
	}{
		"no request":     {&http.Response{StatusCode: 200, Body: http.NoBody}, []string{"code=200,path=/asked"}},
		"no body":        {&http.Response{StatusCode: 204, Request: other}, []string{"code=204,path=/other"}},
		"empty":          {&http.Response{}, []string{"code=200,path=/asked"}},
		"unknown code":   {&http.Response{StatusCode: 700}, []string{"code=unknown,path=/asked"}},
		"negative code":  {&http.Response{StatusCode: -1}, []string{"code=unknown,path=/asked"}},
		"no response":    {nil, nil},
		"other request":  {&http.Response{StatusCode: 200, Request: other}, []string{"code=200,path=/other"}},
		"client's error": {&http.Response{StatusCode: 418, Request: other}, []string{"code=418,path=/other"}},
	} {
		t.Run(name, func(t *testing.T) {
			for instrumentation, i := range trippers {
				for kind, option := range map[string]promhttp.Option{
					"ours":   path,
					"theirs": clienthttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path }),
				} {
					r := metric.NewRegistry()
					rt := i.ours(r, []string{"code", "path"}, promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return tc.resp, nil }), option)
					if resp, err := rt.RoundTrip(httptest.NewRequest(http.MethodGet, "/asked", http.NoBody)); resp != tc.resp || err != nil { //nolint:bodyclose // There is no body.
						t.Errorf("%s: got response %v and error %v", instrumentation, resp, err)
					}
					if got := labelSets(t, r); !slices.Equal(got, tc.want) {
						t.Errorf("%s, option of %s: got series %q, want %q", instrumentation, kind, got, tc.want)
					}
				}
			}
		})
	}
}

// TestEmptyMethod checks that a request with an empty method, which a client sends as GET, counts as GET.
func TestEmptyMethod(t *testing.T) {
	for _, option := range []promhttp.Option{promhttp.WithExtraMethods("BREW"), clienthttp.WithExtraMethods("BREW")} {
		r := metric.NewRegistry()
		rt := trippers["counter"].ours(r, []string{"method"}, promhttp.RoundTripperFunc(scriptedTrip), option)
		for _, method := range []string{"", "brew", "BOIL"} {
			req := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			req.Method = method
			resp, err := rt.RoundTrip(req)
			if err != nil || req.Method != method {
				t.Errorf("got error %v and method %q", err, req.Method)
			}
			resp.Body.Close()
		}
		if got := labelSets(t, r); !slices.Equal(got, []string{"method=brew", "method=get", "method=unknown"}) {
			t.Errorf("got series %q", got)
		}
	}
}

// TestHostileValues checks that the sender of a request can choose labels and exemplars without causing a
// panic.
func TestHostileValues(t *testing.T) {
	for kind, options := range map[string][]promhttp.Option{
		"ours": {
			promhttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path }),
			promhttp.WithExemplarFromRequest(func(r *http.Request) metric.Labels { return metric.Labels{"trace": r.Header.Get("Trace")} }),
		},
		"theirs": {
			clienthttp.WithLabelFromRequest("path", func(r *http.Request) string { return r.URL.Path }),
			clienthttp.WithExemplarFromRequest(func(r *http.Request) metric.Labels { return metric.Labels{"trace": r.Header.Get("Trace")} }),
		},
	} {
		for _, name := range []string{"counter", "duration", "duration in a summary"} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				r := metric.NewRegistry()
				h := instruments[name].ours(r, []string{"path"}, http.HandlerFunc(scripted), options...)
				for _, trace := range []string{strings.Repeat("x", 1000), "\xff", "good"} {
					req := httptest.NewRequest(http.MethodGet, "/%ff", http.NoBody)
					req.Header.Set("Trace", trace)
					h.ServeHTTP(httptest.NewRecorder(), req)
				}
				if got := labelSets(t, r); !slices.Equal(got, []string{"path=/\uFFFD"}) {
					t.Errorf("got series %q", got)
				}
				m := gathered(t, r)[0].GetMetric()[0]
				n := m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount()+m.GetSummary().GetSampleCount())
				if n != 3 {
					t.Errorf("%v requests were counted", n)
				}
				if name == "counter" && m.GetCounter().GetExemplar().GetLabel()[0].GetValue() != "good" {
					t.Errorf("got exemplar %v", m.GetCounter().GetExemplar())
				}
			})
		}
	}
}

// TestMixedOptions passes options of client_golang to the functions of this package, and the other way
// around.
func TestMixedOptions(t *testing.T) {
	colour := func(ctx context.Context) string { return fmt.Sprint(ctx.Value(contextKey{})) }
	span := func(ctx context.Context) metric.Labels { return metric.Labels{"span": colour(ctx)} }
	code := func(r *http.Request) string { return r.URL.Path }
	ours := []promhttp.Option{
		promhttp.WithLabelFromCtx("colour", colour), promhttp.WithExemplarFromContext(span),
		promhttp.WithExtraMethods("BREW"), promhttp.WithLabelFromRequest("code", code),
	}
	theirs := []promhttp.Option{
		clienthttp.WithLabelFromCtx("colour", colour), clienthttp.WithExemplarFromContext(span),
		clienthttp.WithExtraMethods("BREW"), clienthttp.WithLabelFromRequest("code", code),
	}
	labels := []string{"code", "colour", "method"}
	for name, i := range instruments {
		want := prometheus.NewRegistry()
		play(i.theirs(want, labels, http.HandlerFunc(scripted), theirs...))
		for _, options := range [][]promhttp.Option{ours, theirs, {theirs[0], ours[1], ours[2], theirs[3]}} {
			got, mixed := metric.NewRegistry(), prometheus.NewRegistry()
			play(i.ours(got, labels, http.HandlerFunc(scripted), options...))
			play(i.theirs(mixed, labels, http.HandlerFunc(scripted), options...))
			t.Run(name, func(t *testing.T) {
				sameGathered(t, got, want)
				sameGathered(t, mixed, want)
			})
		}
	}
}

// TestNilTrace checks that a nil trace works like a trace whose functions are all nil.
func TestNilTrace(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(scripted))
	defer server.Close()
	client := &http.Client{Transport: promhttp.InstrumentRoundTripperTrace(nil, server.Client().Transport)}
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}
