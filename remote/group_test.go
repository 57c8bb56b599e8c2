package remote_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// labeled returns targets with the instance labels a, b, and so on.
func labeled(urls ...string) (targets []remote.GroupTarget) {
	for i, u := range urls {
		targets = append(targets, remote.GroupTarget{URL: u, Labels: metric.Labels{"instance": string(rune('a' + i))}})
	}
	return targets
}

func TestGroup(t *testing.T) {
	one := serveText(t, "# TYPE stock gauge\nstock 1\nstock{instance=\"x\"} 2\n# TYPE kind counter\nkind 1\n")
	two := serveText(t, "# TYPE stock gauge\nstock 3\n# TYPE kind gauge\nkind 2\n")
	down := serve(t, http.NotFoundHandler())
	targets := labeled(one.URL, two.URL, down.URL)
	targets[1].Labels["zone"] = "east"
	group := remote.NewGroup(remote.GroupOpts{Targets: targets})
	mfs, err := group.Gather()
	wantError(t, err, `collector c:`, down.URL, "404 Not Found", "collector b:", "kind", "COUNTER", "GAUGE")
	var all *metric.GatherError
	if !errors.As(err, &all) {
		t.Errorf("the error is a %T", err)
	}
	text := textOf(t, fixed(mfs))
	wantLines(t, text, `stock{instance="a"} 1`, `stock{exported_instance="x",instance="a"} 2`, `stock{instance="b",zone="east"} 3`,
		`kind{instance="a"} 1`, `remote_target_success{instance="a"} 1`, `remote_target_success{instance="b",zone="east"} 1`,
		`remote_target_success{instance="c"} 0`, `remote_target_series{instance="a"} 3`, `remote_target_series{instance="c"} 0`)
	if strings.Contains(text, `kind{instance="b"`) || strings.Count(text, "\nremote_target_duration_seconds{") != 3 {
		t.Errorf("got\n%s", text)
	}
	if got := group.Status(); len(got) != 3 || got[2].Name != "c" {
		t.Errorf("the status is %v", got)
	}

	t.Run("handlers", func(t *testing.T) {
		wantLines(t, get(t, metric.HandlerFor(group, metric.HandlerOpts{ErrorLog: func(error) {}}), nil), `stock{instance="a"} 1`)
		rec := httptest.NewRecorder()
		strict := metric.HandlerFor(group, metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError, ErrorLog: func(error) {}})
		strict.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), `collector c:`) {
			t.Errorf("status %d: %s", rec.Code, rec.Body)
		}
	})
	t.Run("honor labels", func(t *testing.T) {
		group := remote.NewGroup(remote.GroupOpts{Targets: targets[:1], HonorLabels: true, Namespace: "edge"})
		wantLines(t, textOf(t, group), `stock{instance="a"} 1`, `stock{instance="x"} 2`, `edge_target_success{instance="a"} 1`)
	})
	t.Run("registered", func(t *testing.T) {
		reg := metric.NewContextRegistry()
		wrapped := metric.WrapRegistererWithPrefix("far_", metric.WrapRegistererWith(metric.Labels{"site": "s"}, reg))
		wrapped.MustRegister(group)
		wantLines(t, textOf(t, reg), `far_stock{instance="a",site="s"} 1`, `far_remote_target_success{instance="c",site="s"} 0`)
		if !wrapped.Unregister(group) {
			t.Error("it cannot be unregistered")
		}
		err := reg.RegisterWith(group, metric.WithTimeout(time.Second))
		wantError(t, err, "policies")
		foreign := prometheus.NewRegistry()
		foreign.MustRegister(group)
		mfs, err := foreign.Gather()
		wantError(t, err, down.URL)
		wantLines(t, textOf(t, fixed(mfs)), `stock{instance="a"} 1`, `remote_target_success{instance="c"} 0`)
	})
	t.Run("in others", func(t *testing.T) {
		m := metric.NewLabelGatherer("site")
		if err := m.Register("s", group); err != nil {
			t.Fatal(err)
		}
		text := textOf(t, metric.Gatherers{m})
		wantLines(t, text, `stock{instance="a",site="s"} 1`, `remote_target_success{instance="c",site="s"} 0`)
	})
}

// TestGroupLabels checks the labels that distinguish targets.
func TestGroupLabels(t *testing.T) {
	server := serveText(t, "m 1\n")
	host := strings.TrimPrefix(server.URL, "http://")
	at := func(path string, labels ...string) remote.GroupTarget {
		target := remote.GroupTarget{URL: server.URL + path, Labels: make(metric.Labels)}
		for i := 0; i < len(labels); i += 2 {
			target.Labels[labels[i]] = labels[i+1]
		}
		return target
	}
	for _, test := range []struct {
		name    string
		targets []remote.GroupTarget
		want    []string // lines of the exposition
		err     string
	}{
		{"host and port", []remote.GroupTarget{at("")}, []string{`m{instance="` + host + `"} 1`}, ""},
		{"empty label", []remote.GroupTarget{at("", "instance", "", "zone", "")}, []string{`m{instance="` + host + `"} 1`}, ""},
		{"slashes and percents", []remote.GroupTarget{at("/1", "instance", "a/b"), at("/2", "instance", "a_b"), at("/3", "instance", "a%2Fb")},
			[]string{`m{instance="a/b"} 1`, `m{instance="a_b"} 1`, `m{instance="a%2Fb"} 1`}, ""},
		{"the group's own name", []remote.GroupTarget{at("", "instance", "targets"), at("/2", "instance", "%74argets")},
			[]string{`m{instance="targets"} 1`, `m{instance="%74argets"} 1`}, ""},
		{"same label", []remote.GroupTarget{at("/1", "instance", "a"), at("/2", "instance", "a", "job", "b")}, []string{`m{instance="a"} 1`},
			`target 2 (` + server.URL + `/2): another target (` + server.URL + `/1) has the same label instance="a"`},
		{"listed twice", []remote.GroupTarget{at("", "instance", "a"), at("", "instance", "a")}, []string{`m{instance="a"} 1`}, ""},
		{"bad label", []remote.GroupTarget{at("", "instance", "a"), at("", "__name__", "b")}, []string{`m{instance="a"} 1`}, "__name__"},
		{"bad URL", []remote.GroupTarget{at("", "instance", "a"), {URL: "http://u:hunter2@%zz"}}, []string{`m{instance="a"} 1`}, "target 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := remote.NewGroup(remote.GroupOpts{})
			setErr := group.Set(test.targets)
			mfs, err := group.Gather()
			wantLines(t, textOf(t, fixed(mfs)), test.want...)
			if n := len(group.Targets()); n != len(test.want) {
				t.Errorf("%d targets", n)
			}
			if test.err == "" {
				if err != nil || setErr != nil {
					t.Errorf("got %v, %v", err, setErr)
				}
				return
			}
			wantError(t, err, test.err, `collector targets:`)
			wantError(t, setErr, test.err)
			if strings.Contains(err.Error(), "hunter2") {
				t.Error(err)
			}
		})
	}
}

func TestGroupPanics(t *testing.T) {
	for name, opts := range map[string]remote.GroupOpts{
		"label":      {Label: "a\xff"},
		"reserved":   {Label: "__name__"},
		"namespace":  {Namespace: "a\xff"},
		"opts":       {Opts: remote.Opts{MaxBytes: -1}},
		"policy":     {Policies: []metric.CollectorOption{metric.WithTimeout(-1)}},
		"nil policy": {Policies: []metric.CollectorOption{nil}},
		"name":       {Policies: []metric.CollectorOption{metric.WithName("x")}},
		"both":       {Policies: []metric.CollectorOption{metric.WithCache(1), metric.WithBackground(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if v := recover(); v == nil {
					t.Error("it does not panic")
				}
			}()
			remote.NewGroup(opts)
		})
	}
}

// TestPoliciesOfTargets checks that each target has its own state of the policies.
func TestPoliciesOfTargets(t *testing.T) {
	var failing atomic.Bool
	var requests atomic.Int32
	bad := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		if failing.Load() {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		writeText(w, "m 1\n")
	}))
	good := serveText(t, "m 2\n")
	group := remote.NewGroup(remote.GroupOpts{
		Targets: labeled(bad.URL, good.URL),
		Policies: []metric.CollectorOption{
			metric.WithStale(time.Hour), metric.WithBreaker(2, time.Hour), metric.WithGroup(metric.NewGroup("one at a time", 1)),
		},
	})
	defer group.Close()
	wantLines(t, textOf(t, group), `m{instance="a"} 1`, `m{instance="b"} 2`, `remote_target_success{instance="a"} 1`)
	failing.Store(true)
	for range 5 {
		mfs, err := group.Gather()
		wantError(t, err, `collector a:`)
		wantLines(t, textOf(t, fixed(mfs)), `m{instance="a"} 1`, `m{instance="b"} 2`,
			`remote_target_success{instance="a"} 0`, `remote_target_success{instance="b"} 1`)
	}
	if n := requests.Load(); n != 3 {
		t.Errorf("%d requests, though the breaker opens after two failures", n)
	}
	if err := group.Set(labeled(bad.URL)); err != nil { // This is the same target, so it keeps its state.
		t.Fatal(err)
	}
	if _, err := group.Gather(); !errors.Is(err, metric.ErrBreakerOpen) {
		t.Errorf("after Set, got %v", err)
	}
}

// TestConcurrency checks that the group gathers from no more targets at a time than allowed, and from all
// of them in the end.
func TestConcurrency(t *testing.T) {
	var now, most atomic.Int32
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		writeText(w, "m 1\n")
	}))
	var targets []remote.GroupTarget
	for i := range 30 {
		targets = append(targets, remote.GroupTarget{URL: fmt.Sprintf("%s/%d", server.URL, i), Labels: metric.Labels{"instance": fmt.Sprint(i)}})
	}
	group := remote.NewGroup(remote.GroupOpts{Targets: targets, Concurrency: 3, Opts: remote.Opts{Client: ownClient(t)}})
	mfs, err := group.Gather()
	if err != nil || len(mfs) == 0 || len(mfs[0].GetMetric()) != 30 {
		t.Errorf("got %v, %v", mfs, err)
	}
	if n := most.Load(); n > 3 {
		t.Errorf("%d targets were asked at the same time", n)
	}
}

// TestSetWhileGathering checks that, while targets are being replaced, a gather neither misses a target
// that stays nor includes one that never existed.
func TestSetWhileGathering(t *testing.T) {
	server := serveText(t, "m 1\n")
	group := remote.NewGroup(remote.GroupOpts{Opts: remote.Opts{Client: ownClient(t)}})
	version := func(i int) (targets []remote.GroupTarget) {
		for j := range 3 {
			targets = append(targets, remote.GroupTarget{URL: fmt.Sprintf("%s/%d", server.URL, i), Labels: metric.Labels{"instance": fmt.Sprint("x", (i+j)%7)}})
		}
		return append(targets,
			remote.GroupTarget{URL: server.URL, Labels: metric.Labels{"instance": "stays"}},
			remote.GroupTarget{URL: fmt.Sprintf("%s/%d", server.URL, i), Labels: metric.Labels{"instance": "moves"}})
	}
	if err := group.Set(version(0)); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var setting sync.WaitGroup
	setting.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := group.Set(version(i)); err != nil {
				t.Error(err)
			}
			group.Targets()
			group.Status()
		}
	})
	for range 100 {
		text := textOf(t, group)
		for _, name := range []string{"stays", "moves"} {
			wantLines(t, text, fmt.Sprintf("m{instance=%q} 1", name), fmt.Sprintf("remote_target_success{instance=%q} 1", name))
		}
	}
	close(stop)
	setting.Wait()
}

// fromSource returns a group whose targets come from source and respond without a network, so that tests
// can use a fake clock.
func fromSource(source func(context.Context) ([]remote.GroupTarget, error)) *remote.Group {
	client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		writeText(rec, "m 1\n")
		return rec.Result(), nil
	})}
	return remote.NewGroup(remote.GroupOpts{Source: source, Opts: remote.Opts{Client: client}})
}

// names returns the values of the label instance in the metrics of g.
func names(t *testing.T, g metric.GathererWithContext, timeout time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	mfs, err := g.GatherWithContext(ctx)
	var all []string
	for _, mf := range mfs {
		if mf.GetName() == "m" {
			for _, m := range mf.GetMetric() {
				all = append(all, m.GetLabel()[0].GetValue())
			}
		}
	}
	return strings.Join(all, " "), err
}

func TestSource(t *testing.T) {
	good := func(names ...string) (targets []remote.GroupTarget) {
		for _, name := range names {
			targets = append(targets, remote.GroupTarget{URL: "http://" + name})
		}
		return targets
	}
	t.Run("refresh", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			group := fromSource(func(context.Context) ([]remote.GroupTarget, error) {
				calls++
				switch calls {
				case 2:
					return nil, errors.New("not now")
				case 3:
					panic("oops")
				case 4:
					return []remote.GroupTarget{}, nil
				case 5:
					return append(good("c"), remote.GroupTarget{URL: "garbage"}), errors.New("half of it")
				default:
					return good("a", "b"), nil
				}
			})
			defer group.Close()
			for i, want := range []struct{ names, err string }{
				{"a b", ""}, {"a b", "not now"}, {"a b", "oops"}, {"", ""}, {"c", "half of it"}, {"a b", ""},
			} {
				for range 3 { // The answer is still recent enough for later gathers.
					got, err := names(t, group, 10*time.Second)
					if got != want.names || (err == nil) != (want.err == "") {
						t.Errorf("call %d: got %q, %v, want %q", i+1, got, err, want.names)
					}
					if want.err != "" {
						wantError(t, err, want.err, `collector targets:`)
					}
				}
				if calls != i+1 {
					t.Errorf("%d calls instead of %d", calls, i+1)
				}
				time.Sleep(5 * time.Second)
			}
		})
	})
	t.Run("blocks at first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			group := fromSource(func(ctx context.Context) ([]remote.GroupTarget, error) {
				time.Sleep(40 * time.Second) // ignores its context
				return good("a"), nil
			})
			defer group.Close()
			start := time.Now()
			if got, _ := names(t, group, 10*time.Second); got != "" || time.Since(start) != 5*time.Second {
				t.Errorf("got %q after %v", got, time.Since(start))
			}
			start = time.Now()
			if _, err := group.Gather(); time.Since(start) != 5*time.Second {
				t.Errorf("without a deadline, got %v after %v", err, time.Since(start))
			}
			time.Sleep(25 * time.Second)
			_, err := names(t, group, time.Second)
			wantError(t, err, "has not returned")
			time.Sleep(20 * time.Second)
			if got, err := names(t, group, time.Second); got != "a" || err != nil {
				t.Errorf("at last, got %q, %v", got, err)
			}
			time.Sleep(time.Minute) // until the next call has returned
		})
	})
	t.Run("blocks later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			group := fromSource(func(ctx context.Context) ([]remote.GroupTarget, error) {
				if calls++; calls == 1 {
					return good("a"), nil
				}
				<-ctx.Done()
				return nil, ctx.Err()
			})
			if got, err := names(t, group, 10*time.Second); got != "a" || err != nil {
				t.Errorf("at first, got %q, %v", got, err)
			}
			time.Sleep(time.Minute)
			for _, wait := range []time.Duration{time.Second, 0} { // The second gather did not start the call.
				start := time.Now()
				if got, err := names(t, group, 10*time.Second); got != "a" || err != nil || time.Since(start) != wait {
					t.Errorf("got %q, %v after %v", got, err, time.Since(start))
				}
			}
			group.Close() // Close ends the call.
			synctest.Wait()
			if got, _ := names(t, group, time.Second); got != "a" || calls != 2 {
				t.Errorf("after Close, got %q, %d calls", got, calls)
			}
		})
	})
}

// TestTargetsAndSource checks that a group gathers from its Targets and from its Source, and that Check
// returns the errors that NewGroup panics with.
func TestTargetsAndSource(t *testing.T) {
	one, two := serveText(t, "a 1\n"), serveText(t, "a 2\n")
	group := remote.NewGroup(remote.GroupOpts{
		Targets: []remote.GroupTarget{{URL: one.URL, Labels: metric.Labels{"instance": "one"}}},
		Source: func(context.Context) ([]remote.GroupTarget, error) {
			return []remote.GroupTarget{{URL: two.URL, Labels: metric.Labels{"instance": "two"}}}, nil
		},
	})
	defer group.Close()
	if _, err := group.GatherWithContext(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if targets := group.Targets(); len(targets) != 2 || targets[0].URL != one.URL || targets[1].URL != two.URL {
		t.Errorf("the targets are %v", targets)
	}
	for name, opts := range map[string]remote.GroupOpts{
		"label":     {Label: "__x"},
		"namespace": {Namespace: "\xff"},
		"option":    {Opts: remote.Opts{MaxBytes: -1}},
		"policy":    {Policies: []metric.CollectorOption{metric.WithStale(-1)}},
	} {
		err := opts.Check()
		if err == nil || strings.Contains(err.Error(), "idle") {
			t.Errorf("%s: %v", name, err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: NewGroup does not panic", name)
				}
			}()
			remote.NewGroup(opts)
		}()
	}
}
