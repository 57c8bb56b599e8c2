package remotewrite_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
	"github.com/luxfi/metric/push/remotewrite"
	"github.com/luxfi/metric/relabel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		c := newCounter("requests_total")
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: "temperature"}, []string{"room", "job"})
		p := newPusher(t, r, registryOf(c, v), remotewrite.Opts{ExternalLabels: metric.Labels{"job": "house"}})
		v.WithLabelValues("cellar", "").Set(7)
		v.WithLabelValues("kitchen", "own").Set(20)
		c.Inc()
		push(t, p)
		time.Sleep(time.Second)
		c.Inc()
		v.DeleteLabelValues("cellar", "")
		push(t, p)
		push(t, p)
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string][]float64{
			`requests_total{job="house"}`:                 {1, 2, 2, 2, -1},
			`temperature{job="house",room="cellar"}`:      {7, -1},
			`temperature{job="own",room="kitchen"}`:       {20, 20, 20, 20, -1},
			`temperature{job="house",room="kitchen"}`:     nil,
			`requests_total{job="house",instance="none"}`: nil,
		} {
			if got := r.values(key); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", key, got, want)
			}
		}
		points := r.series(`requests_total{job="house"}`)
		for i := 1; i < len(points); i++ {
			if points[i].ms <= points[i-1].ms {
				t.Errorf("the timestamps do not ascend: %v", points)
			}
		}
		if early, late := points[0].ms, points[1].ms; late-early != 1000 {
			t.Errorf("two pushes are %d ms apart, want 1000", late-early)
		}
	})
}

func TestKeepOnClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		c := newCounter("c")
		p := newPusher(t, r, registryOf(c), remotewrite.Opts{KeepOnClose: true})
		push(t, p)
		c.Inc()
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := r.values("c"), []float64{0, 1}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestRelabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipeline, err := relabel.Parse([]byte(`
- source_labels: [__name__, env]
  regex: b;test
  action: drop
- source_labels: [env]
  target_label: stage
`))
		if err != nil {
			t.Fatal(err)
		}
		r := newReceiver(t)
		p := newPusher(t, r, registryOf(newCounter("a"), newCounter("b")), remotewrite.Opts{
			ExternalLabels: metric.Labels{"env": "test"}, Relabel: pipeline,
		})
		push(t, p)
		if got, want := r.keys(), []string{`a{env="test",stage="test"}`}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestOneContext checks that the context of a push reaches the collectors (law 1), and that a push ends at
// its deadline (law 3).
func TestOneContext(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		var got any
		describe := func(ch chan<- *metric.Desc) {}
		asking := metric.NewCollectorFunc(describe, func(ctx context.Context, _ chan<- metric.Metric) { got = ctx.Value(key{}) })
		hanging := metrictest.New("hanging", metrictest.Stuck())
		defer hanging.Release()
		r := newReceiver(t)
		p := newPusher(t, r, registryOf(newCounter("c"), asking, hanging), remotewrite.Opts{Timeout: 10 * time.Second})
		began := time.Now()
		err := p.Push(context.WithValue(t.Context(), key{}, 7))
		var failures *metric.GatherError
		if !errors.As(err, &failures) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "hanging") {
			t.Errorf("got the error %v", err)
		}
		if got != 7 {
			t.Errorf("the collector got %v from the context, want 7", got)
		}
		if took := time.Since(began); took != 8*time.Second {
			t.Errorf("the push took %v, want 8s: four fifths of its time", took)
		}
		if got := r.values("c"); !slices.Equal(got, []float64{0}) {
			t.Errorf("got %v, want what the other collector has sent", got)
		}
	})
}

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		var at []time.Duration
		began := time.Now()
		r.answer = func(*http.Request, int) (*http.Response, error) {
			at = append(at, time.Since(began))
			switch len(at) {
			case 1:
				return answering(http.StatusServiceUnavailable), nil
			case 2:
				return nil, errTest
			case 3:
				return answering(http.StatusTooManyRequests, "Retry-After", "5"), nil
			}
			return nil, nil
		}
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: "v"}, []string{"l"})
		for _, l := range []string{"a", "b", "c"} {
			v.WithLabelValues(l).Set(1)
		}
		p := newPusher(t, r, registryOf(v), remotewrite.Opts{
			MaxSamples: 1, MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second, Timeout: time.Minute,
		})
		push(t, p)
		if got, want := len(at), 6; got != want {
			t.Fatalf("got %d requests, want %d", got, want)
		}
		if wait := at[1] - at[0]; wait < 100*time.Millisecond || wait > time.Second {
			t.Errorf("the second request came after %v", wait)
		}
		if wait := at[3] - at[2]; wait < 5*time.Second {
			t.Errorf("the request after Retry-After: 5 came after %v", wait)
		}
		if wait := at[5] - at[3]; wait != 0 {
			t.Errorf("after a success, the target rested for %v", wait)
		}
		var order []string
		for _, q := range r.requests() {
			order = append(order, q.Series[0].Get("l"))
		}
		if want := []string{"a", "b", "c"}; !slices.Equal(order, want) {
			t.Errorf("got the requests in the order %v, want %v", order, want)
		}
		for name, want := range map[string]float64{
			"samples_total": 6, "samples_retried_total": 3, "samples_failed_total": 0, "samples_dropped_total": 0, "samples_pending": 0,
		} {
			if got := own(t, p, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	})
}

func TestRejections(t *testing.T) {
	tests := map[string]struct {
		answer func() *http.Response
		failed float64
		says   string
	}{
		"bad request":       {func() *http.Response { return answering(http.StatusBadRequest) }, 3, "400"},
		"half a batch":      {func() *http.Response { return written(http.StatusBadRequest, 2, 0, 0) }, 1, "400"},
		"less than it says": {func() *http.Response { return written(http.StatusOK, 1, 0, 0) }, 2, "2 samples"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newReceiver(t)
				r.answer = func(_ *http.Request, n int) (*http.Response, error) {
					if n == 0 {
						return test.answer(), nil
					}
					return nil, nil
				}
				v := metric.NewGaugeVec(metric.GaugeOpts{Name: "v"}, []string{"l"})
				for _, l := range []string{"a", "b", "c"} {
					v.WithLabelValues(l).Set(1)
				}
				p := newPusher(t, r, registryOf(v), remotewrite.Opts{Target: remotewrite.Target{Name: "engine"}})
				err := p.Push(t.Context())
				var refused *remotewrite.TargetError
				if !errors.As(err, &refused) || refused.Target != "engine" || refused.Pending != 0 || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got the error %v", err)
				}
				if got := own(t, p, "samples_failed_total"); got != test.failed {
					t.Errorf("%v samples have failed, want %v", got, test.failed)
				}
				if status := p.Status()[0]; status.Failed != uint64(test.failed) || status.LastError == nil {
					t.Errorf("got the status %+v", status)
				}
				if r.calls() != 1 {
					t.Errorf("got %d requests, want 1: it is final", r.calls())
				}
				push(t, p)
				if status := p.Status()[0]; status.LastError != nil || status.LastSuccess.IsZero() {
					t.Errorf("got the status %+v after a success", status)
				}
			})
		})
	}
}

// TestFullQueue checks that every lost sample is counted.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		down := true
		r.answer = func(*http.Request, int) (*http.Response, error) {
			if down {
				return nil, errTest
			}
			return nil, nil
		}
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: "v"}, []string{"l"})
		for i := range 10 {
			v.WithLabelValues(strings.Repeat("x", i)).Set(1)
		}
		p := newPusher(t, r, registryOf(v), remotewrite.Opts{
			QueueBytes: 2000, MaxSamples: 3, Timeout: time.Second, MaxBackoff: 100 * time.Millisecond, KeepOnClose: true,
		})
		const pushes = 50
		for range pushes {
			if err := p.Push(t.Context()); err == nil {
				t.Fatal("a push to a receiver that is down gives no error")
			}
		}
		down = false
		var lost *remotewrite.TargetError
		if err := p.Push(t.Context()); !errors.As(err, &lost) || lost.Pending != 0 {
			t.Errorf("got the error %v, want one about what the last push has displaced", err)
		}
		var arrived float64
		for _, q := range r.requests() {
			arrived += float64(len(q.Series))
		}
		const pushed = 10 * (pushes + 1)
		dropped := own(t, p, "samples_dropped_total")
		if dropped == 0 || arrived+dropped != pushed {
			t.Errorf("%v samples have arrived and %v were dropped, of %v", arrived, dropped, pushed)
		}
		if last := r.values(`v{l="x"}`); len(last) == 0 {
			t.Error("the newest samples have not arrived")
		}
	})
}

// TestDisk checks that a queue on disk survives an outage and the end of the process.
func TestDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		c := newCounter("c")
		down := newReceiver(t)
		down.answer = func(*http.Request, int) (*http.Response, error) { return nil, errTest }
		opts := remotewrite.Opts{QueueDir: dir, QueueBytes: 1 << 20, Timeout: time.Second}
		p := newPusher(t, down, registryOf(c), opts)
		for range 3 {
			c.Inc()
			if err := p.Push(t.Context()); !errors.Is(err, errTest) {
				t.Errorf("got the error %v", err)
			}
		}
		if _, err := remotewrite.New(receiverURL, registryOf(c), opts); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("a second Pusher with the same directory gets the error %v", err)
		}
		err := p.Close(t.Context())
		var left *remotewrite.TargetError
		if !errors.As(err, &left) || left.Pending != 5 {
			t.Errorf("Close returned %v, want an error about 5 samples", err)
		}
		up := newReceiver(t)
		c = newCounter("c")
		p = newPusher(t, up, registryOf(c), opts)
		push(t, p)
		if got, want := up.values("c"), []float64{1, 2, 3, 3, -1, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestTargets checks that a target that hangs does not affect another one.
func TestTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, good := newReceiver(t), newReceiver(t)
		slow.answer = hang
		p := newPusher(t, slow, registryOf(newCounter("c")), remotewrite.Opts{
			Targets: []remotewrite.Target{{URL: "http://other/write?token=abc", Client: good.client()}}, Timeout: 10 * time.Second,
		})
		began := time.Now()
		err := p.Push(t.Context())
		var late *remotewrite.TargetError
		if !errors.As(err, &late) || late.Target != receiverURL || late.Pending != 1 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got the error %v", err)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the push took %v, want 10s", took)
		}
		requests := good.requests()
		if len(requests) != 1 || requests[0].at != began {
			t.Errorf("the other target got %d requests", len(requests))
		}
		if status := p.Status(); status[0].Pending != 1 || status[1].Pending != 0 || status[1].Name != "http://other/write" {
			t.Errorf("got the status %+v", status)
		}
	})
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, good := newReceiver(t), newReceiver(t)
		slow.answer = hang
		c := newCounter("c")
		p := newPusher(t, slow, registryOf(c), remotewrite.Opts{
			Interval: 10 * time.Second, RequestTimeout: time.Minute,
			Targets: []remotewrite.Target{{URL: "http://other/write", Client: good.client()}},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(time.Millisecond)
		if err := p.Run(ctx); err == nil {
			t.Error("a second Run gives no error")
		}
		for range 6 {
			c.Inc()
			time.Sleep(10 * time.Second)
		}
		if got := good.values("c"); len(got) != 6 || !slices.IsSorted(got) {
			t.Errorf("got %v in a minute, want 6 samples", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		before := len(good.values("c"))
		ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v from Close, want the error of the target that hangs", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("Close took %v, want 5s", took)
		}
		if got := good.values("c"); len(got) != before+2 || got[before] != 6 || got[before+1] != -1 {
			t.Errorf("got %v after Close", got)
		}
		for name, call := range map[string]func() error{
			"Push": func() error { return p.Push(t.Context()) }, "Run": func() error { return p.Run(t.Context()) },
		} {
			if err := call(); !errors.Is(err, remotewrite.ErrClosed) {
				t.Errorf("%s returned %v after Close", name, err)
			}
		}
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("the second Close returned %v", err)
		}
	})
}

// TestRunReports checks that failures of targets are logged and appear in the Status of a registry.
func TestRunReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged strings.Builder
		r := newReceiver(t)
		var status atomic.Int64
		r.answer = func(*http.Request, int) (*http.Response, error) {
			if status := int(status.Load()); status != 0 {
				return answering(status), nil
			}
			return nil, nil
		}
		reg := registryOf(newCounter("c"))
		p := newPusher(t, r, reg, remotewrite.Opts{
			Target: remotewrite.Target{Name: "engine"}, Interval: time.Second, Registry: reg, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		})
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		state := func() metric.CollectorStatus {
			time.Sleep(20 * time.Second)
			for _, s := range reg.Status() {
				if s.Kind == "push" {
					return s
				}
			}
			return metric.CollectorStatus{}
		}
		for _, fails := range []int{http.StatusServiceUnavailable, http.StatusBadRequest} {
			status.Store(int64(fails))
			if s := state(); s.Name != "push/remote write to engine" || s.LastError == nil || !strings.Contains(s.LastError.Error(), strconv.Itoa(fails)) {
				t.Errorf("%d: got the status %+v", fails, s)
			}
			if n := strings.Count(logged.String(), strconv.Itoa(fails)); n == 0 || n > 3 {
				t.Errorf("%d: it is logged %d times in 20 seconds:\n%s", fails, n, logged.String())
			}
		}
		status.Store(0)
		if s := state(); s.LastError != nil || s.Runs < 50 {
			t.Errorf("got the status %+v after a success", s)
		}
		if err := errors.Join(p.Close(t.Context()), <-ended); err != nil {
			t.Error(err)
		}
		if s := state(); s.Kind != "" {
			t.Errorf("got the status %+v after Close", s)
		}
	})
}

// TestCloseEndsRun checks that Close ends Run even if Run's context has not ended.
func TestCloseEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		p := newPusher(t, r, registryOf(newCounter("c")), remotewrite.Opts{})
		ended := make(chan error)
		go func() { ended <- p.Run(t.Context()) }()
		time.Sleep(time.Minute)
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := r.values("c"); len(got) < 4 || got[len(got)-1] != -1 {
			t.Errorf("got %v", got)
		}
	})
}

// TestCancelledPush checks that a push that is cut short does not mark series as stale.
func TestCancelledPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		slow := metrictest.New("slow", metrictest.Healthy())
		p := newPusher(t, r, registryOf(newCounter("c"), slow), remotewrite.Opts{})
		push(t, p)
		keys := r.keys()
		slow.Become(metrictest.Slow(time.Second))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Hour, nil)
		time.AfterFunc(100*time.Millisecond, cancel)
		if err := p.Push(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got the error %v", err)
		}
		push(t, p)
		for _, key := range keys {
			if slices.Contains(r.values(key), -1) {
				t.Errorf("%s was ended: %v", key, r.values(key))
			}
		}
	})
}

// TestBadClients checks that a client that panics or ignores its context affects only its own target.
func TestBadClients(t *testing.T) {
	release := make(chan struct{})
	bad := map[string]func(*http.Request, int) (*http.Response, error){
		"panics": func(*http.Request, int) (*http.Response, error) { panic("no luck") },
		"sleeps": func(*http.Request, int) (*http.Response, error) { <-release; return nil, errTest },
	}
	for name, answer := range bad {
		t.Run(name, func(t *testing.T) {
			good, broken := newReceiver(t), newReceiver(t)
			broken.answer = answer
			p := newPusher(t, good, registryOf(newCounter("c")), remotewrite.Opts{
				Targets: []remotewrite.Target{{URL: "http://other/write", Name: "broken", Client: broken.client()}}, Timeout: time.Second,
			})
			for range 2 {
				err := p.Push(t.Context())
				if err == nil || !strings.Contains(err.Error(), "target broken") || strings.Contains(err.Error(), receiverURL) {
					t.Errorf("got the error %v", err)
				}
			}
			if got := good.values("c"); len(got) != 2 {
				t.Errorf("the other target got %v", got)
			}
		})
	}
	close(release)
}

// TestGoexit checks that a target continues to send after its client has ended the goroutine.
func TestGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver(t)
		r.answer = func(_ *http.Request, n int) (*http.Response, error) {
			if n == 0 {
				runtime.Goexit()
			}
			return nil, nil
		}
		push(t, newPusher(t, r, registryOf(newCounter("c")), remotewrite.Opts{}))
		if got := r.values("c"); len(got) != 1 {
			t.Errorf("got %v, want one sample", got)
		}
	})
}

func TestNew(t *testing.T) {
	reg := metric.NewContextRegistry()
	tests := map[string]struct {
		url  string
		g    metric.GathererWithContext
		opts remotewrite.Opts
		says string
	}{
		"no URL":           {"", reg, remotewrite.Opts{}, "must begin with http://"},
		"another scheme":   {"ftp://user:geheim@x", reg, remotewrite.Opts{}, "must begin with http://"},
		"bad URL":          {"http://user:geheim@x:y", reg, remotewrite.Opts{}, "URL"},
		"no host":          {"http:///write", reg, remotewrite.Opts{}, "must begin with http://"},
		"zero registry":    {receiverURL, reg, remotewrite.Opts{Registry: new(metric.ContextRegistry)}, "NewContextRegistry"},
		"header":           {receiverURL, reg, remotewrite.Opts{Target: remotewrite.Target{Header: http.Header{"User-Agent": {"x"}}}}, "User-Agent"},
		"nil gatherer":     {receiverURL, nil, remotewrite.Opts{}, "nil"},
		"two URLs":         {receiverURL, reg, remotewrite.Opts{Target: remotewrite.Target{URL: receiverURL}}, "must be empty"},
		"same names":       {receiverURL, reg, remotewrite.Opts{Targets: []remotewrite.Target{{URL: receiverURL + "?a"}}}, "another Name"},
		"negative":         {receiverURL, reg, remotewrite.Opts{Interval: -1}, "Interval"},
		"back-offs":        {receiverURL, reg, remotewrite.Opts{MinBackoff: 2, MaxBackoff: 1}, "MaxBackoff"},
		"negative limit":   {receiverURL, reg, remotewrite.Opts{MaxBytes: -1}, "MaxBytes"},
		"external label":   {receiverURL, reg, remotewrite.Opts{ExternalLabels: metric.Labels{"__x": "y"}}, "__x"},
		"reserved label":   {receiverURL, reg, remotewrite.Opts{ExternalLabels: metric.Labels{"le": "1"}}, "buckets"},
		"protocol":         {receiverURL, reg, remotewrite.Opts{Target: remotewrite.Target{Protocol: 7}}, "protocol"},
		"protocol, second": {receiverURL, reg, remotewrite.Opts{Targets: []remotewrite.Target{{URL: "http://x", Protocol: 7}}}, "protocol"},
		"name":             {receiverURL, reg, remotewrite.Opts{Target: remotewrite.Target{Name: "\xff"}}, "UTF-8"},
		"directory":        {receiverURL, reg, remotewrite.Opts{QueueDir: "/dev/null/x"}, "/dev/null/x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := remotewrite.New(test.url, test.g, test.opts)
			if p != nil || err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

// TestPushersInOneRegistry checks that the metrics of several Pushers do not collide.
func TestPushersInOneRegistry(t *testing.T) {
	r := newReceiver(t)
	reg := metric.NewContextRegistry()
	first := newPusher(t, r, reg, remotewrite.Opts{})
	second := newPusher(t, r, reg, remotewrite.Opts{Target: remotewrite.Target{Name: "second"}})
	reg.MustRegister(first, second)
	push(t, first)
	if got := len(r.keys()); got < 40 {
		t.Errorf("got %d series of two Pushers", got)
	}
	metrictest.TestCollector(t, first)
}

// TestConcurrentUse calls all methods at the same time.
func TestConcurrentUse(t *testing.T) {
	r := newReceiver(t)
	v := metric.NewCounterVec(metric.CounterOpts{Name: "v"}, []string{"l"})
	p := newPusher(t, r, registryOf(v), remotewrite.Opts{Interval: 10 * time.Millisecond, Timeout: time.Minute, MaxSamples: 2})
	ended := make(chan error)
	go func() { ended <- p.Run(t.Context()) }()
	pushed := make(chan error)
	for i := range 4 {
		go func() {
			for j := range 20 {
				l := string(rune('a' + (i+j)%7))
				v.WithLabelValues(l).Inc()
				if err := p.Push(t.Context()); err != nil {
					pushed <- err
					return
				}
				p.Status()
				v.DeleteLabelValues(l)
			}
			pushed <- nil
		}()
	}
	for range 4 {
		if err := <-pushed; err != nil {
			t.Error(err)
		}
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, key := range r.keys() {
		points := r.series(key)
		for i := 1; i < len(points); i++ {
			if points[i].ms <= points[i-1].ms {
				t.Errorf("the timestamps of %s do not ascend: %v", key, points)
			}
		}
		if !points[len(points)-1].stale() {
			t.Errorf("%s has not ended", key)
		}
	}
}
