package metric_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestDeadlineIncludesSending checks law 14: a client that does not read is cut off.
func TestDeadlineIncludesSending(t *testing.T) {
	const never = time.Hour
	for name, tc := range map[string]struct {
		opts   metric.HandlerOpts
		server time.Duration // its WriteTimeout
		header string
		want   time.Duration
	}{
		"header":                         {header: "5", want: 4500*time.Millisecond + 10*time.Second},
		"Timeout":                        {opts: metric.HandlerOpts{Timeout: 3 * time.Second}, want: 13 * time.Second},
		"no deadline":                    {want: time.Minute},
		"header of no use":               {header: "1e300", want: time.Minute},
		"SendTimeout":                    {opts: metric.HandlerOpts{Timeout: 3 * time.Second, SendTimeout: time.Second}, want: 4 * time.Second},
		"SendTimeout alone":              {opts: metric.HandlerOpts{SendTimeout: time.Second}, want: time.Second},
		"none":                           {opts: metric.HandlerOpts{Timeout: time.Second, SendTimeout: -1}, want: never},
		"earlier WriteTimeout":           {header: "5", server: 2 * time.Second, want: 2 * time.Second},
		"later WriteTimeout":             {header: "5", server: never, want: 4500*time.Millisecond + 10*time.Second},
		"WriteTimeout alone":             {server: 2 * time.Minute, want: 2 * time.Minute},
		"WriteTimeout, and none of ours": {opts: metric.HandlerOpts{SendTimeout: -1}, server: 2 * time.Minute, want: 2 * time.Minute},
	} {
		for kind, reg := range map[string]*metric.ContextRegistry{"instruments": manySeries(1000), "stream": streaming(2000)} {
			for _, handling := range []metric.HandlerErrorHandling{metric.ContinueOnError, metric.HTTPErrorOnError} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, kind, handling), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var logged []error
						counts := metric.NewContextRegistry()
						opts := tc.opts
						opts.ErrorHandling, opts.Registry = handling, counts
						opts.ErrorLog = func(err error) { logged = append(logged, err) }
						h := metric.HandlerForContext(reg, opts)
						took := make(chan time.Duration, 1)
						connect := servePipes(t, &http.Server{WriteTimeout: tc.server, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							start := time.Now()
							defer func() { took <- time.Since(start) }()
							h.ServeHTTP(w, r)
						})})
						c := connect()
						defer c.Close()
						time.AfterFunc(never, func() { _ = c.Close() })
						ask(t, c, scrapeTimeout, tc.header)
						if got := <-took; got != tc.want {
							t.Errorf("it took %v, want %v; logged %v", got, tc.want, logged)
						}
						text := request(metric.HandlerFor(counts)).Body.String()
						if tc.want == never {
							if len(logged) != 0 {
								t.Errorf("logged %v, though the client has only left", logged)
							}
						} else if !strings.Contains(text, `{cause="encoding"} 1`) || !strings.Contains(fmt.Sprint(logged), "has not read the answer in time") {
							t.Errorf("logged %v, counted\n%s", logged, text)
						}
					})
				})
			}
		}
	}
}

// streaming returns a registry with a stream collector of n series.
func streaming(n int) *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	r.MustRegister(numberedStream("big", n))
	return r
}

// TestSlowClientIsServed checks that a client that reads little by little gets the whole answer.
func TestSlowClientIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connect := servePipes(t, &http.Server{Handler: metric.HandlerFor(manySeries(2000))})
		c := connect()
		defer c.Close()
		ask(t, c)
		resp, err := http.ReadResponse(bufio.NewReader(slowConn{c}), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if n := strings.Count(string(body), "\nmany_total{"); err != nil || n != 2000 {
			t.Errorf("got %d series and error %v", n, err)
		}
	})
}

// slowConn takes 20 s for 2000 series.
type slowConn struct{ net.Conn }

func (c slowConn) Read(p []byte) (int, error) {
	time.Sleep(180 * time.Millisecond)
	return c.Conn.Read(p)
}

// TestWriteDeadlineEndsWithRequest checks that the deadline of a request does not reach
// the next one on its connection.
func TestWriteDeadlineEndsWithRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics := metric.HandlerFor(oneCounter(), metric.HandlerOpts{Timeout: time.Second})
		requests := 0
		connect := servePipes(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests++; requests == 2 {
				_, _ = io.WriteString(w, "no metrics")
				return
			}
			metrics.ServeHTTP(w, r)
		})})
		c := connect()
		defer c.Close()
		reader := bufio.NewReader(c)
		for i, want := range []string{oneCounterText, "no metrics", oneCounterText} {
			ask(t, c)
			resp, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || string(body) != want {
				t.Errorf("request %d: got %q and error %v", i, body, err)
			}
			time.Sleep(time.Hour)
		}
	})
}

// TestClientsThatNeverRead has more clients that never read than MaxRequestsInFlight, over real
// connections, and checks that a client that reads is served later.
func TestClientsThatNeverRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs processors that are not emulated")
	}
	for kind, reg := range map[string]*metric.ContextRegistry{"instruments": manySeries(6000), "stream": streaming(60_000)} {
		t.Run(kind, func(t *testing.T) {
			server := httptest.NewUnstartedServer(metric.HandlerForContext(reg, metric.HandlerOpts{
				ErrorHandling: metric.ContinueOnError, MaxRequestsInFlight: 2, SendTimeout: 500 * time.Millisecond,
			}))
			server.Listener = smallBuffers{server.Listener}
			server.Start()
			defer server.Close()
			before := goroutines()
			var conns []net.Conn
			for range 25 {
				c, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				_ = c.(*net.TCPConn).SetReadBuffer(4096)
				ask(t, c)
				conns = append(conns, c)
			}
			deadline := time.Now().Add(time.Minute)
			refused := false
			for {
				resp, err := http.Get(server.URL)
				if err != nil {
					t.Fatal(err)
				}
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK && err == nil {
					break
				}
				refused = true
				if time.Now().After(deadline) {
					t.Fatalf("status %s and error %v, still", resp.Status, err)
				}
				time.Sleep(10 * time.Millisecond)
			}
			// Otherwise the handler has refused the other clients. Their answers wait to be read.
			for _, c := range conns {
				status := make([]byte, len("HTTP/1.1 503"))
				_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
				if _, err := io.ReadFull(c, status); err == nil && string(status) == "HTTP/1.1 503" {
					refused = true
				}
				_ = c.Close()
			}
			if !refused {
				t.Error("the others have not taken all places")
			}
			http.DefaultClient.CloseIdleConnections()
			for goroutines() > before+2 {
				if time.Now().After(deadline) {
					t.Fatalf("%d goroutines, %d before", goroutines(), before)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// TestClientThatNeverReadsHTTP2 has two HTTP/2 streams on one connection, and checks that the
// client gets the one that it reads, although it does not read the other.
func TestClientThatNeverReadsHTTP2(t *testing.T) {
	reg := manySeries(30_000)
	returned := make(chan struct{}, 10)
	h := metric.HandlerForContext(reg, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, SendTimeout: 500 * time.Millisecond})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		returned <- struct{}{}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).DisableCompression = true
	resp, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Fatalf("the protocol is %s", resp.Proto)
	}
	select {
	case <-returned:
	case <-time.After(time.Minute):
		t.Fatal("the request was not ended")
	}
	if n, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Errorf("the client has taken %d bytes for a whole answer", n)
	}
	small := requestBody(t, client, server.URL+"?name[]=nothing")
	if small != "" {
		t.Errorf("got %q", small)
	}
}

func requestBody(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestClientThatLeavesIsNoError checks a limit of law 12: a client that disconnects must neither
// flood the operator's log nor alarm middleware that looks for panics.
func TestClientThatLeavesIsNoError(t *testing.T) {
	var logged lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))
	defer slog.SetDefault(before)

	var ended sync.WaitGroup
	build := func(r metric.Registerer, started func()) {
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "many_total"}, []string{"n"})
		for i := range 20_000 {
			vec.WithLabelValues(strings.Repeat("x", 200) + fmt.Sprint(i))
		}
		r.MustRegister(vec,
			streamOf("stream", func(ctx context.Context, s *metric.Sink) error {
				started()
				<-ctx.Done()
				return errors.New("bad connection")
			}),
			metric.NewCollectorFunc(describing("context"), func(ctx context.Context, ch chan<- metric.Metric) {
				<-ctx.Done()
				ch <- metric.NewInvalidMetric(desc("context"), errors.New("bad connection"))
			}))
	}
	counts := metric.NewContextRegistry()
	for name, handlerOf := range map[string]func(started func()) http.Handler{
		"metric.HandlerFor": func(started func()) http.Handler {
			r := metric.NewContextRegistry()
			build(r, started)
			return metric.HandlerFor(r)
		},
		"WithLogger": func(started func()) http.Handler {
			r := metric.NewContextRegistry(metric.WithLogger(nil))
			build(r, started)
			return metric.HandlerForContext(r, metric.HandlerOpts{Registry: counts, ErrorLog: metric.LogErrors(nil)})
		},
		"PanicOnError": func(started func()) http.Handler {
			r := metric.NewContextRegistry()
			build(r, started)
			return metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.PanicOnError, ErrorLog: metric.LogErrors(nil)})
		},
		"promhttp.HandlerFor": func(started func()) http.Handler {
			r := metric.NewContextRegistry()
			build(r, started)
			return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelError)})
		},
		"encoding": func(started func()) http.Handler {
			h := metric.HandlerFor(manySeries(20_000))
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				started()
				h.ServeHTTP(w, r)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			started := make(chan struct{}, 100)
			h := handlerOf(func() { started <- struct{}{} })
			var panicked atomic.Pointer[any]
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer ended.Done()
				defer func() {
					if p := recover(); p != nil {
						panicked.Store(&p)
					}
				}()
				h.ServeHTTP(w, r)
			}))
			server.Listener = smallBuffers{server.Listener}
			server.Start()
			defer server.Close()
			for range 3 {
				ended.Add(1)
				c, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				ask(t, c)
				<-started
				time.Sleep(10 * time.Millisecond)
				_ = c.Close()
				ended.Wait()
			}
			if p := panicked.Load(); p != nil {
				t.Errorf("it panicked with %v", *p)
			}
			if text := logged.String(); text != "" {
				t.Errorf("logged\n%s", text)
			}
		})
	}
	if text := request(metric.HandlerFor(counts)).Body.String(); strings.Contains(text, "} 1") {
		t.Errorf("counted\n%s", text)
	}
}
