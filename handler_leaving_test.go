package metric_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestLeavingClients has clients leave at every point of an answer, for each handler that logs with
// the default logger. It checks that neither that logger, to which net/http also writes, nor the
// counter of errors shows it.
func TestLeavingClients(t *testing.T) {
	many := metric.NewCounterVec(metric.CounterOpts{Name: "many_total"}, []string{"n"})
	for i := range 20_000 {
		many.WithLabelValues(strings.Repeat("x", 200) + fmt.Sprint(i))
	}
	registerer, gatherer, theirs := metric.DefaultRegisterer, metric.DefaultGatherer, prometheus.DefaultGatherer
	clients := prometheus.NewRegistry()
	prometheus.DefaultGatherer = clients // Runs that were left behind may read it at any time, so it is set only here.
	t.Cleanup(func() {
		metric.DefaultRegisterer, metric.DefaultGatherer = registerer, gatherer
		_, _ = metric.DefaultGatherers().Gather() // This waits for such a run.
		prometheus.DefaultGatherer = theirs
	})
	for name, handlerFor := range map[string]func(r *metric.ContextRegistry) http.Handler{
		"metric.Handler":   func(*metric.ContextRegistry) http.Handler { return metric.Handler() },
		"promhttp.Handler": func(*metric.ContextRegistry) http.Handler { return promhttp.Handler() },
		"metric.InstrumentMetricHandler": func(r *metric.ContextRegistry) http.Handler {
			return metric.InstrumentMetricHandler(r, metric.HandlerFor(r, metric.HandlerOpts{Registry: r, Timeout: time.Hour}))
		},
		"promhttp.InstrumentMetricHandler": func(r *metric.ContextRegistry) http.Handler {
			return promhttp.InstrumentMetricHandler(r, metric.HandlerForContext(r, metric.HandlerOpts{Registry: r}))
		},
		"HTTPErrorOnError": func(r *metric.ContextRegistry) http.Handler {
			return metric.HandlerFor(r, metric.HandlerOpts{Registry: r, ErrorHandling: metric.HTTPErrorOnError, ErrorLog: metric.LogErrors(nil)})
		},
		"middleware hides the client": func(r *metric.ContextRegistry) http.Handler {
			h := metric.HandlerFor(r, metric.HandlerOpts{Registry: r, Timeout: time.Second})
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
			})
		},
	} {
		for phase, leaves := range map[string]struct {
			gathering bool // whether collectors are running when the client leaves
			stream    bool // whether a part of the answer has been sent by then
			read      int  // number of bytes of the answer that the client reads first
		}{
			"before the header":           {gathering: true},
			"while gathering and sending": {gathering: true, stream: true, read: 10},
			"before reading":              {},
			"in the middle of the body":   {read: 50_000},
		} {
			if phase == "before the header" && name == "middleware hides the client" {
				continue // The scrape ends at its deadline, which must be logged.
			}
			if leaves.stream && (name == "HTTPErrorOnError" || name == "middleware hides the client") {
				continue // Nothing is sent before the end, and the deadline must be logged here, too.
			}
			for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
				if protocol == "HTTP/2" && name == "middleware hides the client" {
					continue // The error of a write to a closed stream has an unexported type.
				}
				t.Run(name+"/"+phase+"/"+protocol, func(t *testing.T) {
					logged := capturingLog(t)
					own := metric.NewContextRegistry()
					own.MustRegister(many)
					metric.DefaultRegisterer, metric.DefaultGatherer = own, own
					var (
						running = make(chan struct{}, 10)
						release = make(chan struct{})
						left    sync.WaitGroup
					)
					if leaves.gathering {
						fail := func(ch chan<- metric.Metric) {
							ch <- metric.NewInvalidMetric(desc("failing"), errors.New("bad connection"))
						}
						own.MustRegister(metric.NewCollectorFunc(describing("obedient"), func(ctx context.Context, ch chan<- metric.Metric) {
							running <- struct{}{}
							<-ctx.Done()
							fail(ch)
						}))
						deaf := plain{"deaf", func(ch chan<- metric.Metric) {
							left.Add(1)
							defer left.Done()
							running <- struct{}{}
							<-release
							fail(ch)
						}}
						own.MustRegister(deaf)
						there := plain{"deaf_there", deaf.collect}
						clients.MustRegister(there)
						defer clients.Unregister(there)
					}
					if leaves.stream {
						own.MustRegister(pausingStream("stream"))
					}
					h := handlerFor(own)
					entered, served := make(chan struct{}), make(chan struct{})
					server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						close(entered)
						defer close(served)
						h.ServeHTTP(w, r)
					}))
					server.Listener = smallBuffers{server.Listener}
					leave := connectAndRead(t, server, protocol, leaves.read)
					<-entered
					if leaves.gathering {
						<-running
						<-running
					}
					leave()
					select {
					case <-served:
					case <-time.After(time.Minute):
						t.Fatal("the request has not ended")
					}
					close(release)
					left.Wait()
					server.Close()
					if text := logged.String(); text != "" {
						t.Fatalf("logged\n%s", text)
					}
					families, _ := own.GatherWithContext(metric.Select(t.Context(), metric.Selection{Families: []string{"promhttp_metric_handler_errors_total"}}))
					for _, f := range families {
						for _, m := range f.GetMetric() {
							if m.GetCounter().GetValue() != 0 {
								t.Errorf("counted %v", m)
							}
						}
					}
				})
			}
		}
	}
}

// connectAndRead starts a server, sends a request to it, reads n bytes of the answer and returns
// a function that hangs up.
func connectAndRead(t *testing.T, server *httptest.Server, protocol string, n int) (leave func()) {
	t.Helper()
	if protocol == "HTTP/1.1" {
		server.Start()
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ask(t, c)
		if _, err := io.CopyN(io.Discard, bufio.NewReaderSize(c, 1), int64(n)); err != nil {
			t.Fatal(err)
		}
		return func() { _ = c.Close() }
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	var (
		read = make(chan error, 1)
		gone sync.WaitGroup
	)
	gone.Go(func() {
		resp, err := server.Client().Do(r)
		if err != nil {
			read <- err
			return
		}
		defer resp.Body.Close()
		if resp.ProtoMajor != 2 {
			read <- fmt.Errorf("the protocol is %s", resp.Proto)
			return
		}
		_, err = io.CopyN(io.Discard, resp.Body, int64(n))
		read <- err
		<-ctx.Done()
	})
	if n > 0 {
		if err := <-read; err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		cancel()
		gone.Wait()
	}
}

// pausingStream returns a stream that writes some megabytes and then pauses until its context ends.
func pausingStream(name string) metric.StreamCollector {
	d := metric.NewDesc(name, "Of a test.", []string{"n", "padding"}, nil)
	return streamWith(func(ctx context.Context, s *metric.Sink) error {
		if err := writeNumbered(s, d, 0, 10_000, strings.Repeat("x", 200)); err != nil {
			return err
		}
		<-ctx.Done()
		return errors.New("bad connection")
	}, d)
}

// TestClientGoesAway checks the end of a scrape over a real connection whose client hangs up.
func TestClientGoesAway(t *testing.T) {
	background := func(*http.Request) context.Context { return context.Background() }
	for name, contextFunc := range map[string]func(*http.Request) context.Context{"own": nil, "foreign": background} {
		t.Run(name, func(t *testing.T) {
			reg := metric.NewContextRegistry()
			started, canceled := make(chan struct{}), make(chan struct{})
			reg.MustRegister(metric.NewCollectorFunc(describing("a"), func(ctx context.Context, _ chan<- metric.Metric) {
				close(started)
				<-ctx.Done()
				if errors.Is(ctx.Err(), context.Canceled) {
					close(canceled)
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
			case <-canceled:
			case <-time.After(time.Minute):
				t.Error("the scrape was not canceled")
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

// TestServerShutsDown checks that a server that cancels its requests when it shuts down does not
// send an answer that looks like a whole exposition.
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
