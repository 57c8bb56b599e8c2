//go:build e2e

package e2e

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// openMetrics and protobufUTF8 are formats that lose nothing, except for native buckets in OpenMetrics.
var (
	openMetrics  = format{name: "openmetrics100", accept: "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"}
	protobufUTF8 = format{name: "protobuf-utf8", accept: protobuf + ";escaping=allow-utf-8"}
)

// treeInterval is the interval between Prometheus's scrapes of the tree. Their timeout is one second.
const treeInterval = 2 * time.Second

// TestTree scrapes a tree of real processes with a timeout of one second while one of its leaves hangs, one crashes
// in the middle of its answers, and one sends 10 GB.
func TestTree(t *testing.T) {
	tr := plant(t)
	tr.untilComplete(t)
	root := "http://" + tr.addresses["root"]
	jobs := []job{
		{format: openMetrics, target: root, path: "/metrics", settings: `scrape_protocols: [OpenMetricsText1.0.0]`},
		{format: format{name: "protobuf", protobuf: true}, target: root, path: "/metrics"}, // the default
	}
	prom := startPrometheus(t, config(jobs, treeInterval, time.Second))
	for _, f := range []format{openMetrics, protobufUTF8} {
		t.Run(f.name, func(t *testing.T) { tr.checkAnswers(t, f) })
	}
	t.Run("fifty scrapes", tr.checkPileUp)
	for _, j := range jobs {
		t.Run("prometheus "+j.name, func(t *testing.T) { tr.checkStored(t, prom, j) })
	}
	t.Run("changes", tr.checkChanges)
	if runtime.GOOS == "linux" {
		t.Run("memory", tr.checkMemory)
	}
	if tr.crashes.Load() == 0 {
		t.Error("no leaf has crashed")
	}
}

// untilComplete waits until the root's answer is complete.
func (tr *tree) untilComplete(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		f := protobufUTF8
		got, _, err := ask(t.Context(), tr.addresses["root"], f)
		return cmp.Or(err, tr.complete(got, f))
	})
}

// checkAnswers scrapes the root again and again. All answers must be right, and most of them complete and in time.
// On a busy machine, a process may not get all the processor time that it needs.
func (tr *tree) checkAnswers(t *testing.T, f format) {
	const attempts = 10
	var (
		good    int
		longest time.Duration
		reason  error
	)
	for range attempts {
		got, took, err := ask(t.Context(), tr.addresses["root"], f)
		if err := cmp.Or(err, tr.nothingInPart(got, f)); err != nil {
			t.Error(err)
			continue
		}
		longest = max(longest, took)
		if err = tr.complete(got, f); err == nil && took > time.Second {
			err = fmt.Errorf("the answer took %v", took)
		}
		if err == nil {
			good++
		}
		reason = cmp.Or(reason, err)
	}
	t.Logf("%d of %d answers are complete and in time; the slowest took %v", good, attempts, longest)
	if longest > slowest {
		t.Errorf("an answer took %v", longest)
	}
	if good <= attempts/2 {
		t.Errorf("%d of %d answers are complete and in time, want most: %v", good, attempts, reason)
	}
}

// checkPileUp scrapes the root fifty times, five at a time, and checks that the processes do not hold more
// goroutines and open files than before.
func (tr *tree) checkPileUp(t *testing.T) {
	const idle = 10 // number of additional connections, or their goroutines, that may wait for the next scrape
	before := tr.held(t)
	for range 10 {
		var scrapes sync.WaitGroup
		for range 5 {
			scrapes.Go(func() {
				got, _, err := ask(t.Context(), tr.addresses["root"], protobufUTF8)
				if err := cmp.Or(err, tr.nothingInPart(got, protobufUTF8)); err != nil {
					t.Error(err)
				}
			})
		}
		scrapes.Wait()
	}
	eventually(t, func() error {
		var errs []error
		for key, v := range tr.held(t) {
			if v > before[key]+idle {
				errs = append(errs, fmt.Errorf("%s is %v, and was %v before", key, v, before[key]))
			}
		}
		return errors.Join(errs...)
	})
}

// held returns the numbers of goroutines and open files of the root and the middle processes. It waits for an answer
// that includes all of them.
func (tr *tree) held(t *testing.T) (held map[string]float64) {
	t.Helper()
	want := []string{series("go_goroutines")}
	for _, name := range middles {
		want = append(want, series("go_goroutines", "middle", name))
	}
	eventually(t, func() error {
		got, _, err := ask(t.Context(), tr.addresses["root"], protobufUTF8)
		if err != nil {
			return err
		}
		held = make(map[string]float64)
		for _, key := range want {
			v, ok := got.floats[key]
			if !ok {
				return fmt.Errorf("%s is missing", key)
			}
			held[key] = v
			files := strings.Replace(key, "go_goroutines", "process_open_fds", 1) // Not every operating system has this metric.
			held[files] = got.floats[files]
		}
		return nil
	})
	return held
}

// checkStored compares the samples of the root that Prometheus has stored with the leaves' expositions.
func (tr *tree) checkStored(t *testing.T, prom promv1.API, j job) {
	s := waitForScrapes(t, prom, j.name, minScrapes)
	up := 0.0
	for _, v := range s.scrapes {
		up += float64(v.Value)
	}
	t.Logf("%v of %d scrapes have succeeded", up, len(s.scrapes))
	if up <= float64(len(s.scrapes))/2 {
		t.Errorf("%v of %d scrapes have succeeded, want most", up, len(s.scrapes))
	}
	all := s.latest()
	all.exemplars = storedExemplars(t, prom, j.name)
	for _, l := range leaves {
		got, want := all.of(l), tr.want[j.name][l.name]
		for key := range want.histograms {
			h := s.series[key]
			if h == nil || len(h.Histograms) == 0 || float64(h.Histograms[len(h.Histograms)-1].Histogram.Count) != want.histograms[key].Count {
				t.Errorf("%s: got %v, want %v", key, h, want.histograms[key])
			}
			delete(got.floats, key)
		}
		compareFloats(t, got.floats, want.floats)
		for key, exemplars := range want.exemplars {
			if len(got.exemplars[key]) == 0 {
				t.Errorf("%s has no exemplars, want some of %v", key, exemplars)
			}
		}
		for key, at := range want.created {
			if got.created[key] != at {
				t.Errorf("%s has started at %v, want %v", key, got.created[key], at)
			}
		}
	}
}

// checkChanges kills and restarts a middle process, and changes the file of targets, while the root is scraped all
// the time.
func (tr *tree) checkChanges(t *testing.T) {
	f := protobufUTF8
	over := make(chan struct{})
	var scrapes sync.WaitGroup
	for range 2 {
		scrapes.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				got, _, err := ask(t.Context(), tr.addresses["root"], f)
				if err := cmp.Or(err, tr.nothingInPart(got, f)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	without := func(middle string, want func(exposition) error) {
		t.Helper()
		eventually(t, func() error {
			got, _, err := ask(t.Context(), tr.addresses["root"], f)
			return cmp.Or(err, tr.complete(got, f, middle), want(got))
		})
	}
	success := series("remote_target_success", "middle", "m2")
	tr.processes["m2"].kill(t)
	without("m2", func(got exposition) error {
		if v, ok := got.floats[success]; !ok || v != 0 {
			return fmt.Errorf("%s = %v (%t), want 0", success, v, ok)
		}
		return nil
	})
	tr.start(t, "m2")
	tr.untilComplete(t)

	tr.setTargets(t, "m3")
	without("m2", func(got exposition) error {
		if v, ok := got.floats[success]; ok {
			return fmt.Errorf("%s = %v, want none", success, v)
		}
		return nil
	})
	tr.setTargets(t, "m2", "m3")
	tr.untilComplete(t)
	close(over)
	scrapes.Wait()
}

// maxMemory is the limit for the peak memory of a process of the tree. It may hold several answers of 16 MiB.
const maxMemory = 512 << 20

// checkMemory checks the peak memory of the root and the middle processes.
func (tr *tree) checkMemory(t *testing.T) {
	for name, p := range tr.processes {
		peak := p.peakMemory(t)
		t.Logf("%s has had %d MiB", name, peak>>20)
		if peak > maxMemory {
			t.Errorf("%s has had %d MiB, want at most %d", name, peak>>20, maxMemory>>20)
		}
	}
}
