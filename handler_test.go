package metric_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

func TestEffectiveTimeout(t *testing.T) {
	const none = 24 * time.Hour // How long the collector takes.
	for _, tc := range []struct {
		header  string
		opts    metric.HandlerOpts
		request time.Duration // Its own deadline.
		want    time.Duration
		logged  bool
	}{
		{want: none},
		{header: "10", want: 9500 * time.Millisecond},
		{header: "1", want: 900 * time.Millisecond},
		{header: "0.5", want: 450 * time.Millisecond},
		{header: "9.5", want: 9 * time.Second},
		{header: "1e1", want: 9500 * time.Millisecond},
		{header: "10", opts: metric.HandlerOpts{TimeoutOffset: -1}, want: 10 * time.Second},
		{header: "10", opts: metric.HandlerOpts{TimeoutOffset: 2 * time.Second}, want: 8 * time.Second},
		{header: "1", opts: metric.HandlerOpts{TimeoutOffset: time.Second}, want: 500 * time.Millisecond},
		{header: "1", opts: metric.HandlerOpts{TimeoutOffset: time.Hour}, want: 500 * time.Millisecond},
		{opts: metric.HandlerOpts{Timeout: 3 * time.Second}, want: 3 * time.Second},
		{opts: metric.HandlerOpts{Timeout: 3 * time.Second, TimeoutOffset: time.Second}, want: 3 * time.Second},
		{header: "10", opts: metric.HandlerOpts{Timeout: 3 * time.Second}, want: 3 * time.Second},
		{header: "2", opts: metric.HandlerOpts{Timeout: 3 * time.Second, TimeoutOffset: -1}, want: 2 * time.Second},
		{header: "10", opts: metric.HandlerOpts{Timeout: 3 * time.Second}, request: time.Second, want: 900 * time.Millisecond},
		{header: "1", request: time.Minute, want: 900 * time.Millisecond},
		{request: time.Second, want: 900 * time.Millisecond},
		{request: time.Minute, want: time.Minute - 100*time.Millisecond},
		{header: "10", opts: metric.HandlerOpts{Patient: true}, want: 9900 * time.Millisecond},
		{header: "1", opts: metric.HandlerOpts{Patient: true}, request: 100 * time.Millisecond, want: 950 * time.Millisecond},
		{opts: metric.HandlerOpts{Patient: true}, request: time.Second, want: none},
		{header: "1e300", want: none},
		{header: "NaN", want: none, logged: true},
		{header: "Inf", want: none, logged: true},
		{header: "-1", want: none, logged: true},
		{header: "0", want: none, logged: true},
		{header: "soon", want: none, logged: true},
		{header: "soon", opts: metric.HandlerOpts{Timeout: time.Second}, want: time.Second, logged: true},
		{header: "10s", want: none, logged: true},
	} {
		t.Run(fmt.Sprintf("%q, %v, offset %v, own %v", tc.header, tc.opts.Timeout, tc.opts.TimeoutOffset, tc.request), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reg := oneCounter()
				reg.MustRegister(metric.NewCollectorFunc(describing("slow"), func(ctx context.Context, _ chan<- metric.Metric) {
					select {
					case <-ctx.Done():
					case <-time.After(none):
					}
				}))
				var logged []error
				tc.opts.ErrorHandling = metric.ContinueOnError
				tc.opts.ErrorLog = func(err error) { logged = append(logged, err) }
				r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
				if tc.header != "" {
					r.Header.Set(scrapeTimeout, tc.header)
				}
				if tc.request > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), tc.request)
					defer cancel()
					r = r.WithContext(ctx)
				}
				w := seenRecorder{httptest.NewRecorder()}
				start := time.Now()
				metric.HandlerForContext(reg, tc.opts).ServeHTTP(w, r)
				want := tc.want
				if want < none {
					want -= min(100*time.Millisecond, want/10) // The collector's own context ends that much earlier.
				}
				if took := time.Since(start); took != want {
					t.Errorf("the scrape took %v, want %v", took, want)
				}
				if w.Code != http.StatusOK || w.Body.String() != oneCounterText {
					t.Errorf("got status %d and\n%s", w.Code, w.Body)
				}
				aboutHeader := slices.ContainsFunc(logged, func(err error) bool { return strings.Contains(err.Error(), scrapeTimeout) })
				if aboutHeader != tc.logged {
					t.Errorf("logged %v", logged)
				}
			})
		})
	}
}

func TestContextFunc(t *testing.T) {
	reg := metric.NewContextRegistry()
	var got any
	reg.MustRegister(metric.NewCollectorFunc(describing("a"), func(ctx context.Context, ch chan<- metric.Metric) {
		got = ctx.Value(contextKey{})
		ch <- one("a")
	}))
	fromQuery := func(r *http.Request) context.Context {
		return context.WithValue(context.Background(), contextKey{}, r.URL.Query().Get("include"))
	}
	h := metric.HandlerForContext(reg, metric.HandlerOpts{ContextFunc: fromQuery})
	if w := requestTo(h, "/metrics?include=x"); w.Code != http.StatusOK || got != "x" {
		t.Errorf("got status %d, and %v in the context", w.Code, got)
	}
	t.Run("nil", func(t *testing.T) {
		h := metric.HandlerForContext(reg, metric.HandlerOpts{ContextFunc: func(*http.Request) context.Context { return nil }})
		if w := request(h); w.Code != http.StatusOK {
			t.Errorf("got status %d", w.Code)
		}
	})
	t.Run("panic", func(t *testing.T) {
		var logged error
		h := metric.HandlerForContext(reg, metric.HandlerOpts{
			ContextFunc: func(*http.Request) context.Context { panic("boom") },
			ErrorLog:    func(err error) { logged = err },
		})
		w := request(h)
		if _, ok := errors.AsType[*metric.PanicError](logged); !ok || w.Code != http.StatusInternalServerError {
			t.Errorf("got status %d and logged %v", w.Code, logged)
		}
	})
}

// TestClientGoesAway scrapes over a real connection and hangs up.
func TestClientGoesAway(t *testing.T) {
	background := func(*http.Request) context.Context { return context.Background() }
	for name, contextFunc := range map[string]func(*http.Request) context.Context{"own": nil, "foreign": background} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			started, cancelled := make(chan struct{}), make(chan struct{})
			reg.MustRegister(metric.NewCollectorFunc(describing("a"), func(ctx context.Context, _ chan<- metric.Metric) {
				close(started)
				<-ctx.Done()
				if errors.Is(ctx.Err(), context.Canceled) {
					close(cancelled)
				}
			}))
			server := httptest.NewServer(metric.HandlerForContext(reg, metric.HandlerOpts{ContextFunc: contextFunc}))
			defer server.Close()
			ctx, hangUp := context.WithCancel(t.Context())
			go func() {
				<-started
				hangUp()
			}()
			get(ctx, t, server.URL)
			select {
			case <-cancelled:
			case <-time.After(time.Minute):
				t.Error("the scrape was not cancelled")
			}
		})
	}
	t.Run("encoding", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "many_total"}, []string{"n"})
		reg.MustRegister(vec)
		for i := range 100_000 {
			vec.WithLabelValues(fmt.Sprint(i))
		}
		ctx, hangUp := context.WithCancel(t.Context())
		defer hangUp()
		w := &hangingUp{ResponseRecorder: httptest.NewRecorder(), hangUp: hangUp}
		r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody).WithContext(ctx)
		metric.HandlerFor(reg).ServeHTTP(w, r)
		if w.writes != 1 {
			t.Errorf("there were %d writes, want none after the client has gone away", w.writes)
		}
	})
}

// TestServerShutsDown: a server that cancels its requests when it shuts down must not
// give an answer that looks like a whole exposition.
func TestServerShutsDown(t *testing.T) {
	serve := func(t *testing.T, h http.Handler) (url string, shutDown func()) {
		t.Helper()
		base, cancel := context.WithCancel(context.Background())
		server := httptest.NewUnstartedServer(h)
		server.Config.BaseContext = func(net.Listener) context.Context { return base }
		server.Start()
		t.Cleanup(server.Close)
		return server.URL, cancel
	}
	read := func(t *testing.T, url string) (int, error) {
		t.Helper()
		transport := &http.Transport{DisableCompression: true}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get(url)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, err
	}
	for name, handling := range map[string]metric.HandlerErrorHandling{"continue": metric.ContinueOnError, "HTTP error": metric.HTTPErrorOnError} {
		t.Run("before it is sent/"+name, func(t *testing.T) {
			url, shutDown := serve(t, metric.HandlerFor(oneCounter(), metric.HandlerOpts{ErrorHandling: handling}))
			shutDown()
			if status, err := read(t, url); err != nil || status != http.StatusInternalServerError {
				t.Errorf("got status %d, error %v", status, err)
			}
		})
	}
	t.Run("while it is sent", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "many_total"}, []string{"n"})
		reg.MustRegister(vec)
		for i := range 10_000 {
			vec.WithLabelValues(fmt.Sprint(i))
		}
		var (
			url      string
			shutDown func()
		)
		metrics := metric.HandlerFor(reg)
		url, shutDown = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			metrics.ServeHTTP(hangingUpWriter{w, shutDown}, r)
		}))
		if status, err := read(t, url); status != 0 && err == nil {
			t.Errorf("got a whole response, status %d", status)
		}
	})
}

// hangingUp hangs up after the first write.
type hangingUp struct {
	*httptest.ResponseRecorder
	hangUp func()
	writes int
}

func (w *hangingUp) Write(p []byte) (int, error) {
	w.writes++
	w.hangUp()
	return w.ResponseRecorder.Write(p)
}

func TestErrorHandling(t *testing.T) {
	broken := func() *metric.ContextRegistry {
		r := oneCounter()
		if err := r.RegisterWith(plain{"broken", func(ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc("broken"), errors.New("no luck"))
		}}, metric.WithName("culprit")); err != nil {
			t.Fatal(err)
		}
		return r
	}
	nothing := metric.NewContextRegistry()
	nothing.MustRegister(plain{"broken", func(chan<- metric.Metric) { panic("no luck") }})
	const body = "An error has occurred while serving metrics:\n\n1 error(s) occurred:\n* collector culprit: error collecting metric "
	for name, tc := range map[string]struct {
		registry *metric.ContextRegistry
		handling metric.HandlerErrorHandling
		code     int
		body     string
	}{
		"continue":                 {broken(), metric.ContinueOnError, http.StatusOK, oneCounterText},
		"continue without metrics": {nothing, metric.ContinueOnError, http.StatusInternalServerError, "An error has occurred while serving metrics:\n\n"},
		"HTTP error":               {broken(), metric.HTTPErrorOnError, http.StatusInternalServerError, body},
	} {
		t.Run(name, func(t *testing.T) {
			var logged []error
			errorsTotal := metric.NewContextRegistry()
			h := metric.HandlerForContext(tc.registry, metric.HandlerOpts{
				ErrorHandling: tc.handling, ErrorLog: func(err error) { logged = append(logged, err) }, Registry: errorsTotal,
			})
			w := request(h, "Accept-Encoding", "gzip")
			got := decompress(t, w)
			if w.Code != tc.code || !strings.HasPrefix(got, tc.body) {
				t.Errorf("got status %d and\n%s", w.Code, got)
			}
			if len(logged) != 1 || !strings.Contains(logged[0].Error(), "no luck") {
				t.Errorf("logged %v", logged)
			}
			counts := request(metric.HandlerFor(errorsTotal)).Body.String()
			for _, line := range []string{`errors_total{cause="gathering"} 1`, `errors_total{cause="encoding"} 0`} {
				if !strings.Contains(counts, line) {
					t.Errorf("got no %s in\n%s", line, counts)
				}
			}
		})
	}
	for _, accept := range []string{"application/openmetrics-text;version=1.0.0", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
		t.Run("continue without metrics in "+accept, func(t *testing.T) {
			h := metric.HandlerForContext(nothing, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true})
			w := request(h, "Accept", accept)
			if w.Code != http.StatusInternalServerError || !strings.HasPrefix(w.Body.String(), "An error has occurred") {
				t.Errorf("got status %d and\n%s", w.Code, w.Body)
			}
		})
	}
	t.Run("panic", func(t *testing.T) {
		defer func() {
			if err, ok := recover().(error); !ok || !strings.Contains(err.Error(), "no luck") {
				t.Errorf("it panicked with %v", err)
			}
		}()
		request(metric.HandlerForContext(broken(), metric.HandlerOpts{ErrorHandling: metric.PanicOnError}))
		t.Error("it did not panic")
	})
	t.Run("log panics", func(t *testing.T) {
		h := metric.HandlerForContext(broken(), metric.HandlerOpts{
			ErrorHandling: metric.ContinueOnError, ErrorLog: func(error) { panic("boom") },
		})
		if w := request(h); w.Code != http.StatusOK || w.Body.String() != oneCounterText {
			t.Errorf("got status %d and\n%s", w.Code, w.Body)
		}
	})
}

func TestCompression(t *testing.T) {
	for _, tc := range []struct {
		accept, want string
		opts         metric.HandlerOpts
	}{
		{accept: "", want: ""},
		{accept: "gzip", want: "gzip"},
		{accept: "zstd", want: "zstd"},
		{accept: "gzip, zstd", want: "gzip"},
		{accept: "gzip;q=0.5, zstd;q=0.8", want: "zstd"},
		{accept: "gzip;q=0", want: ""},
		{accept: "gzip;q=nonsense", want: ""},
		{accept: "br", want: ""},
		{accept: "identity, gzip", want: ""},
		{accept: "*", want: ""},
		{accept: "GZIP", want: "gzip"},
		{accept: "gzip", opts: metric.HandlerOpts{DisableCompression: true}, want: ""},
		{accept: "gzip, zstd", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd, metric.Gzip}}, want: "zstd"},
		{accept: "gzip", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd}}, want: ""},
		{accept: "br", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{"br"}}, want: ""},
	} {
		t.Run(fmt.Sprintf("%s %v", tc.accept, tc.opts.OfferedCompressions), func(t *testing.T) {
			w := request(metric.HandlerForContext(oneCounter(), tc.opts), "Accept-Encoding", tc.accept)
			encoding, present := w.Header()["Content-Encoding"]
			if (tc.want == "") == present || present && encoding[0] != tc.want {
				t.Errorf("got Content-Encoding %q, want %q", encoding, tc.want)
			}
			if got := decompress(t, w); got != oneCounterText {
				t.Errorf("got\n%s", got)
			}
			wantVary := []string{"Accept", "Accept-Encoding"}
			if tc.opts.DisableCompression {
				wantVary = wantVary[:1]
			}
			if vary := w.Header().Values("Vary"); !slices.Equal(vary, wantVary) {
				t.Errorf("got Vary %q, want %q", vary, wantVary)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	const openMetrics = "# HELP requests Requests.\n# TYPE requests counter\nrequests_total 3.0\n# EOF\n"
	for _, tc := range []struct {
		accept      string
		contentType string
		body        string
		opts        metric.HandlerOpts
	}{
		{"", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", oneCounterText, metric.HandlerOpts{}},
		{"application/openmetrics-text", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"text/plain;q=0.1,application/openmetrics-text;version=1.0.0;q=0.9", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"image/png", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"*/*", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{AcceptedFormats: []expfmt.Format{expfmt.FmtText}}},
	} {
		t.Run(tc.accept, func(t *testing.T) {
			w := request(metric.HandlerForContext(oneCounter(), tc.opts), "Accept", tc.accept)
			if got := w.Header().Get("Content-Type"); got != tc.contentType {
				t.Errorf("got Content-Type %q, want %q", got, tc.contentType)
			}
			if got := w.Body.String(); got != tc.body {
				t.Errorf("got\n%s\nwant\n%s", got, tc.body)
			}
		})
	}
	t.Run("those of expfmt alone", func(t *testing.T) {
		for _, format := range []expfmt.FormatType{expfmt.TypeProtoText, expfmt.TypeProtoCompact, expfmt.TypeProtoDelim} {
			f := expfmt.NewFormat(format)
			w := request(metric.HandlerForContext(oneCounter(), metric.HandlerOpts{AcceptedFormats: []expfmt.Format{f}}), "Accept", string(f))
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "requests_total") {
				t.Errorf("%s: got status %d and %q", f, w.Code, w.Body)
			}
		}
	})
	t.Run("escaping", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "a.b", Help: "h"}))
		for escaping, want := range map[string]string{
			"allow-utf-8": `{"a.b"} 0`, "underscores": "a_b 0", "dots": "a_dot_b 0", "values": "U__a_2e_b 0",
		} {
			w := request(metric.HandlerFor(r), "Accept", "text/plain;version=0.0.4;escaping="+escaping)
			if !strings.Contains(w.Body.String(), "\n"+want+"\n") {
				t.Errorf("%s: got\n%s", escaping, w.Body)
			}
		}
	})
}

func TestLimitOfRequests(t *testing.T) {
	reg := metric.NewContextRegistry()
	started, release := make(chan struct{}), make(chan struct{})
	reg.MustRegister(plain{"a", func(chan<- metric.Metric) {
		started <- struct{}{}
		<-release
	}})
	h := metric.HandlerForContext(reg, metric.HandlerOpts{MaxRequestsInFlight: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		request(h)
	}()
	<-started
	w := request(h)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" ||
		w.Body.String() != "Limit of concurrent requests reached (1), try again later.\n" {
		t.Errorf("got status %d, headers %v and %s", w.Code, w.Header(), w.Body)
	}
	close(release)
	<-done
	go func() { <-started }()
	if w := request(h); w.Code != http.StatusOK {
		t.Errorf("afterwards, got status %d", w.Code)
	}
}

func TestSelectByName(t *testing.T) {
	r, _ := healthy(t)
	var ran atomic.Bool
	r.MustRegister(plain{"unwanted", func(chan<- metric.Metric) { ran.Store(true) }})
	h := metric.HandlerFor(r)
	w := requestTo(h, "/metrics?name[]=healthy_stream&name[]=healthy_func&name[]=nonsense")
	if got := namesIn(w.Body); !slices.Equal(got, []string{"healthy_stream", "healthy_func"}) {
		t.Errorf("got families %q", got)
	}
	if ran.Load() {
		t.Error("a collector ran that has none of the wanted families")
	}
	if w := requestTo(h, "/metrics?name[]=%zz"); w.Code != http.StatusBadRequest || w.Body.Len() == 0 {
		t.Errorf("got status %d and %q", w.Code, w.Body)
	}
}

func TestHead(t *testing.T) {
	r := oneCounter()
	r.MustRegister(plain{"a", func(chan<- metric.Metric) { t.Error("it was gathered for nothing") }})
	w := httptest.NewRecorder()
	metric.HandlerFor(r).ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/metrics", http.NoBody))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("got status %d, headers %v and %q", w.Code, w.Header(), w.Body)
	}
}

// TestOwnDeadlineOfRequest has a stream under way when the request's own deadline
// passes. What it has written is still delivered.
func TestOwnDeadlineOfRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := oneCounter()
		r.MustRegister(stallingStream("big"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		metric.HandlerFor(r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody).WithContext(ctx))
		if body := w.Body.String(); strings.Count(body, "\nbig{") != 10 || !strings.Contains(body, oneCounterText) {
			t.Errorf("got\n%s", body)
		}
	})
}

func TestProcessStartTime(t *testing.T) {
	h := metric.HandlerForContext(oneCounter(), metric.HandlerOpts{ProcessStartTime: time.Unix(1234, 5)})
	if got := request(h).Header().Get("Process-Start-Time-Unix"); got != "1234" {
		t.Errorf("got %q", got)
	}
}

func TestStreamOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const series = 100_000
		r, want := healthy(t)
		r.MustRegister(numberedStream("big", series))
		w := request(metric.HandlerFor(r))
		names := namesIn(bytes.NewBuffer(w.Body.Bytes()))
		slices.Sort(names)
		if !slices.Equal(names, append([]string{"big"}, want...)) {
			t.Errorf("got families %q", names)
		}
		if n := strings.Count(w.Body.String(), "\nbig{"); n != series {
			t.Errorf("got %d series, want %d", n, series)
		}
	})
}

func TestStreamAtDeadline(t *testing.T) {
	for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
		t.Run(accept, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, want := healthy(t)
				if err := r.RegisterWith(stallingStream("big"), metric.WithName("culprit")); err != nil {
					t.Fatal(err)
				}
				var logged error
				w := request(metric.HandlerFor(r, metric.HandlerOpts{
					ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, ErrorLog: func(err error) { logged = err },
				}), scrapeTimeout, "1", "Accept", accept)
				body := w.Body.String()
				if n := strings.Count(body, "\nbig{"); n != 10 {
					t.Errorf("got %d samples of the stream, want 10", n)
				}
				if names := namesIn(w.Body); len(names) != len(want)+1 {
					t.Errorf("got families %q", names)
				}
				if strings.HasPrefix(accept, "application") != strings.HasSuffix(body, "\n# EOF\n") {
					t.Errorf("got\n%s", body)
				}
				gathered, ok := errors.AsType[*metric.GatherError](logged)
				if !ok || len(gathered.Failures) != 2 || !errors.Is(logged, context.DeadlineExceeded) {
					t.Errorf("logged %v, want the deadline and the sample that did not fit", logged)
				}
			})
		})
	}
}

func TestDefaultHandler(t *testing.T) {
	w := request(metric.Handler())
	names := namesIn(bytes.NewBuffer(w.Body.Bytes()))
	for _, name := range []string{"go_goroutines", "promhttp_metric_handler_requests_total"} {
		if i := slices.Index(names, name); i < 0 || slices.Contains(names[i+1:], name) {
			t.Errorf("family %s is not there once, in %q", name, names)
		}
	}
	if n := strings.Count(w.Body.String(), "\ngo_goroutines "); n != 1 {
		t.Errorf("go_goroutines is there %d times", n)
	}
}
