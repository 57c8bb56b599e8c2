package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	_ "github.com/luxfi/metric/promhttp/zstd"
	"github.com/luxfi/metric/remote"
)

func TestNewErrors(t *testing.T) {
	for _, test := range []struct {
		name, url string
		opts      remote.Opts
		want      string
	}{
		{name: "empty", want: "http:// or https://"},
		{name: "host and port", url: "localhost:9100", want: "http:// or https://"},
		{name: "no host", url: "http:///metrics", want: "a host"},
		{name: "port alone", url: "http://:9100/metrics", want: "a host"},
		{name: "other scheme", url: "ftp://localhost/metrics", want: "http:// or https://"},
		{name: "control character", url: "http://user:hunter2@localhost/\x00", want: "invalid control character"},
		{name: "port with a password", url: "http://user:hunter2/x@localhost/", want: "port"},
		{name: "credentials", url: "ftp://user:hunter2@localhost/?token=hunter2", want: "xxxxx"},
		{name: "negative limit", url: "http://localhost", opts: remote.Opts{MaxSeries: -1}, want: "MaxSeries is negative"},
		{name: "negative timeout", url: "http://u:hunter2@localhost", opts: remote.Opts{Timeout: -1}, want: "Timeout is negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, err := remote.New(test.url, test.opts)
			wantError(t, err, test.want)
			if target != nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, %v", target, err)
			}
		})
	}
}

// TestCredentials checks that the target receives the credentials in its URL and that no error contains
// them.
func TestCredentials(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		http.Error(w, fmt.Sprint(user == "jo" && password == "hunter2" && r.FormValue("token") == "hunter2"), http.StatusTeapot)
	}))
	u, _ := url.Parse(server.URL)
	u.User, u.RawQuery = url.UserPassword("jo", "hunter2"), "module=disk&token=hunter2"
	target := newTarget(t, u.String(), remote.Opts{})
	_, err := target.Gather()
	wantError(t, err, `418 I'm a teapot: "true"`, u.Host, "module=disk")
	for _, text := range []string{err.Error(), target.String(), fmt.Sprint(target)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("credentials are shown: %s", text)
		}
	}
	u.User = url.User("ghp_longtoken")
	if text := newTarget(t, u.String(), remote.Opts{}).String(); strings.Contains(text, "longtoken") {
		t.Errorf("a token is shown: %s", text)
	}
}

// TestRequest checks the headers of a request.
func TestRequest(t *testing.T) {
	var header http.Header
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		writeText(w, "a 1\n")
	}))
	if _, err := newTarget(t, server.URL, remote.Opts{}).Gather(); err != nil {
		t.Fatal(err)
	}
	accept := header.Get("Accept")
	protobuf, open, text := strings.Index(accept, "application/vnd.google.protobuf"), strings.Index(accept, "openmetrics"), strings.Index(accept, "text/plain")
	if protobuf < 0 || open < protobuf || text < open {
		t.Errorf("Accept is %q", accept)
	}
	if got := header.Get("Accept-Encoding"); !strings.Contains(got, "zstd") || !strings.Contains(got, "gzip") {
		t.Errorf("Accept-Encoding is %q", got)
	}
}

// TestEncodings checks that a body is read correctly with every compression.
func TestEncodings(t *testing.T) {
	page := []byte(gauges(500))
	half := len(page) / 2
	for _, test := range []struct {
		encoding string
		body     []byte
	}{
		{"", page},
		{"identity", page},
		{"gzip", gzipped(page)},
		{"X-GZIP", gzipped(page)},
		{"gzip", append(gzipped(page[:half]), gzipped(page[half:])...)},
		{"zstd", zstandard(page)},
		{"zstd", append(zstandard(page[:half]), zstandard(page[half:])...)},
	} {
		t.Run(test.encoding, func(t *testing.T) {
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				if test.encoding != "" {
					w.Header().Set("Content-Encoding", test.encoding)
				}
				_, _ = w.Write(test.body)
			}))
			target := newTarget(t, server.URL, remote.Opts{})
			for range 3 { // The later attempts reuse decoders.
				mfs, err := target.Gather()
				if err != nil || len(mfs) != 1 || len(mfs[0].GetMetric()) != 500 {
					t.Errorf("got %d families, %v", len(mfs), err)
				}
			}
		})
	}
}

// TestOurHandlers checks all compressions of this module's handlers, also over HTTP/2.
func TestOurHandlers(t *testing.T) {
	reg := metric.NewContextRegistry()
	vec := metric.NewGaugeVec(metric.GaugeOpts{Name: "stock"}, []string{"article"})
	reg.MustRegister(vec)
	for i := range 1000 {
		vec.WithLabelValues(strconv.Itoa(i)).Set(1)
	}
	var requests []*http.Request
	h := metric.HandlerFor(reg, metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd}})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r)
		h.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	mfs, err := newTarget(t, server.URL, remote.Opts{Client: server.Client()}).Gather()
	if err != nil || len(mfs) != 1 || len(mfs[0].GetMetric()) != 1000 {
		t.Errorf("got %d families, %v", len(mfs), err)
	}
	if len(requests) != 1 || requests[0].ProtoMajor != 2 {
		t.Errorf("got %v", requests)
	}
	_, err = newTarget(t, server.URL, remote.Opts{}).Gather() // The default client does not trust the certificate.
	wantError(t, err, "certificate", server.URL)
}

func TestRetries(t *testing.T) {
	broken := respond(isText+"|Content-Length: 100", "a 1\n")
	for _, test := range []struct {
		name    string
		first   func(net.Conn)
		retries int
		want    int32 // number of requests
		ok      bool
	}{
		{"truncated", broken, 0, 2, true},
		{"closed", func(net.Conn) {}, 0, 2, true},
		{"never", broken, -1, 1, false},
		{"malformed", respond(isText, "a x\n"), 5, 1, false},
		{"status", func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n") }, 5, 1, false},
		{"too large", respond(isText+"|Content-Length: 100000", "a 1\n"), 5, 1, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var requests atomic.Int32
			u := serveRaw(t, func(c net.Conn) {
				if requests.Add(1) == 1 {
					test.first(c)
					return
				}
				respond(isText, "a 1\n")(c)
			})
			_, err := newTarget(t, u, remote.Opts{Retries: test.retries, MaxBytes: 1000, Client: ownClient(t)}).Gather()
			if (err == nil) != test.ok || requests.Load() != test.want {
				t.Errorf("%d requests, %v", requests.Load(), err)
			}
		})
	}
	t.Run("not beyond the deadline", func(t *testing.T) {
		var requests atomic.Int32
		u := serveRaw(t, func(net.Conn) {
			requests.Add(1)
			time.Sleep(600 * time.Millisecond)
		})
		_, err := newTarget(t, u, remote.Opts{Retries: 100, Client: ownClient(t)}).GatherWithContext(within(t, time.Second))
		wantError(t, err, u)
		if n := requests.Load(); n != 1 {
			t.Errorf("%d requests, of which each takes more than half of the time", n)
		}
	})
}

func TestRedirects(t *testing.T) {
	var (
		secret  atomic.Value // secret that another host receives
		timeout atomic.Value
	)
	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret.Store(r.Header.Get("Authorization"))
		timeout.Store(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"))
		writeText(w, "a 1\n")
	}))
	toOther := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/")); {
		case n > 0:
			http.Redirect(w, r, "/"+strconv.Itoa(n-1), http.StatusFound)
		default:
			time.Sleep(10 * time.Millisecond)
			http.Redirect(w, r, toOther, http.StatusFound)
		}
	}))
	for _, test := range []struct {
		path string
		most int
		want string
	}{
		{"/0", 0, ""},
		{"/2", 0, ""},
		{"/3", 0, "too many redirects: at most 3 are allowed"},
		{"/3", 4, ""},
		{"/0", -1, "at most 0"},
	} {
		u := strings.Replace(server.URL, "//", "//jo:hunter2@", 1)
		ctx := within(t, 10*time.Second)
		_, err := newTarget(t, u+test.path, remote.Opts{MaxRedirects: test.most}).GatherWithContext(ctx)
		if test.want == "" && err != nil {
			t.Errorf("%s: %v", test.path, err)
		}
		if test.want != "" {
			wantError(t, err, test.want, server.Listener.Addr().String()+test.path)
		}
	}
	if secret.Load() != "" {
		t.Errorf("credentials have reached another host: %q", secret.Load())
	}
	if seconds, _ := strconv.ParseFloat(timeout.Load().(string), 64); seconds <= 0 || seconds > 9.75 {
		t.Errorf("the last server was given %v", timeout.Load())
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("not from here") }}
	_, err := newTarget(t, server.URL, remote.Opts{Client: client}).Gather()
	wantError(t, err, "not from here", server.URL)
}

// TestClient checks that requests are made by the caller's client.
func TestClient(t *testing.T) {
	server := serveText(t, "a 1\n")
	var seen atomic.Int32
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		seen.Add(1)
		return http.DefaultTransport.RoundTrip(r)
	})}
	if _, err := newTarget(t, server.URL, remote.Opts{Client: client}).Gather(); err != nil || seen.Load() != 1 {
		t.Errorf("%d requests, %v", seen.Load(), err)
	}
	t.Run("panic", func(t *testing.T) {
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { panic("oops") })}
		_, err := newTarget(t, server.URL, remote.Opts{Client: client}).Gather()
		wantError(t, err, "oops", server.URL)
	})
	t.Run("huge error", func(t *testing.T) {
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New(strings.Repeat("x", 1<<20))
		})}
		_, err := newTarget(t, server.URL, remote.Opts{Client: client}).Gather()
		wantError(t, err, "xxx", server.URL)
	})
	t.Run("timeout", func(t *testing.T) {
		var requests atomic.Int32
		var header atomic.Value
		server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			header.Store(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"))
			<-r.Context().Done()
		}))
		client := &http.Client{Timeout: 200 * time.Millisecond}
		_, err := newTarget(t, server.URL, remote.Opts{Client: client, Retries: 3}).GatherWithContext(within(t, 30*time.Second))
		if !errors.Is(err, context.DeadlineExceeded) || requests.Load() != 1 {
			t.Errorf("%d requests, %v", requests.Load(), err)
		}
		if header.Load() != "0.19" {
			t.Errorf("the other process was given %v", header.Load())
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRegistered checks a target in every place that accepts a collector or a gatherer.
func TestRegistered(t *testing.T) {
	server := serveText(t, gauges(3)+"# TYPE other gauge\nother 1\n")
	target := newTarget(t, server.URL, remote.Opts{})
	const line = `stock{article="a000001",shelf="north"} 1`
	policies := map[string][]metric.CollectorOption{
		"none":       nil,
		"cache":      {metric.WithCache(time.Minute)},
		"stale":      {metric.WithStale(time.Minute)},
		"timeout":    {metric.WithTimeout(time.Minute)},
		"breaker":    {metric.WithBreaker(3, time.Minute), metric.WithRateLimit(100, 100)},
		"background": {metric.WithBackground(time.Hour)},
	}
	for name, opts := range policies {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			defer reg.Close()
			reg.MustRegisterWith(target, opts...)
			for range 2 {
				wantLines(t, textOf(t, reg), line)
			}
		})
	}
	t.Run("wrapped", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		metric.WrapRegistererWithPrefix("far_", metric.WrapRegistererWith(metric.Labels{"zone": "a"}, reg)).MustRegister(target)
		wantLines(t, textOf(t, reg), `far_stock{article="a000001",shelf="north",zone="a"} 1`)
	})
	t.Run("label that exists", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		metric.WrapRegistererWith(metric.Labels{"shelf": "a"}, reg).MustRegister(target)
		_, err := reg.Gather()
		wantError(t, err, "stock", "shelf")
	})
	t.Run("prefix gatherer", func(t *testing.T) {
		m := metric.NewPrefixGatherer()
		if err := m.Register("far", target); err != nil {
			t.Fatal(err)
		}
		wantLines(t, textOf(t, m), "far_"+line)
	})
	t.Run("label gatherer", func(t *testing.T) {
		m := metric.NewLabelGatherer("zone")
		if err := m.Register("a", target); err != nil {
			t.Fatal(err)
		}
		wantLines(t, textOf(t, m), `stock{article="a000001",shelf="north",zone="a"} 1`)
	})
	t.Run("gatherers", func(t *testing.T) {
		wantLines(t, textOf(t, prometheus.Gatherers{prometheus.NewRegistry(), target}), line)
		wantLines(t, textOf(t, metric.NewShardedGatherer(target)), line)
	})
	t.Run("client_golang", func(t *testing.T) {
		reg := prometheus.NewRegistry()
		reg.MustRegister(target)
		wantLines(t, textOf(t, reg), line)
		server.Config.Handler = http.NotFoundHandler()
		defer func() {
			server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeText(w, gauges(3)) })
		}()
		_, err := reg.Gather()
		wantError(t, err, "404", server.URL)
	})
	t.Run("selection", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		reg.MustRegisterWith(target, metric.WithName("far"))
		h := metric.HandlerForContext(reg, metric.HandlerOpts{})
		for query, want := range map[string]bool{"name[]=stock": true, "name[]=other": false, "collect[]=far": true, "exclude[]=far": false} {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/?"+query, nil))
			if got := strings.Contains(rec.Body.String(), line); got != want {
				t.Errorf("%s: %s", query, rec.Body)
			}
		}
	})
}

// TestCloses checks that a target leaves no connection open that cannot be reused.
func TestCloses(t *testing.T) {
	var mu sync.Mutex
	states := make(map[net.Conn]http.ConnState)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeText(w, gauges(100)) }))
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		states[c] = s
	}
	server.Start()
	defer server.Close()
	target := newTarget(t, server.URL, remote.Opts{})
	for range 10 {
		if _, err := target.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(states) != 1 {
		t.Errorf("10 gathers made %d connections", len(states))
	}
}
