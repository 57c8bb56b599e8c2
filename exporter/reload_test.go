package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric"
)

// waiting returns a collector for a gauge. Each run of the collector calls wait.
func waiting(name, family string, settings any, wait func(context.Context)) (Collector, *closing) {
	desc := metric.NewDesc(family, "A gauge.", nil, nil)
	c := &closing{Collector: metric.NewCollectorFunc(func(ch chan<- *metric.Desc) { ch <- desc }, func(ctx context.Context, ch chan<- metric.Metric) {
		wait(ctx)
		ch <- metric.MustNewConstMetric(desc, metric.GaugeValue, 1)
	})}
	return Collector{Name: name, Settings: settings, New: func(context.Context, *slog.Logger) (metric.Collector, error) {
		return struct {
			metric.CollectorWithContext
			*closer
		}{c.Collector.(metric.CollectorWithContext), &closer{c}}, nil
	}}, c
}

// closer gives the Close method of a closing to another collector.
type closer struct{ c *closing }

func (c *closer) Close() error { return c.c.Close() }

// TestReloadDuringScrape checks that a scrape in flight collects from a collector that a reload removes
// meanwhile, even if that collector has not started yet, and that the collector is closed afterwards.
func TestReloadDuringScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var with atomic.Bool
		with.Store(true)
		var all []*closing
		e := loaded(t, Config{Configure: func(_ context.Context, s *Setup) error {
			if !with.Load() {
				return nil
			}
			s.Group("one", 1) // One collector runs while the other waits.
			for _, name := range []string{"a", "b"} {
				c, closing := waiting(name, "m_"+name, name, func(context.Context) { time.Sleep(3 * time.Second) })
				c.Policy.Group = "one"
				s.Add(c)
				all = append(all, closing)
			}
			return nil
		}})
		var body string
		var scrapes sync.WaitGroup
		scrapes.Go(func() { _, body = scrape(t, e, "/metrics") })
		time.Sleep(time.Second)
		with.Store(false)
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if all[0].closed.Load()+all[1].closed.Load() != 0 {
			t.Error("a collector was closed during a scrape")
		}
		scrapes.Wait()
		wantLines(t, body, []string{"m_a 1", "m_b 1"}, nil)
		synctest.Wait()
		if all[0].closed.Load() != 1 || all[1].closed.Load() != 1 {
			t.Error("a collector is not closed after the scrape")
		}
		_, body = scrape(t, e, "/metrics")
		wantLines(t, body, nil, []string{"m_"})
	})
}

// TestReloadWithStuckCollector checks that a collector that ignores its context does not delay reloads or
// other collectors, that it is not started again, and that it is closed after a minute.
func TestReloadWithStuckCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		stuck, closing := waiting("stuck", "m_stuck", 1, func(context.Context) { runs.Add(1); <-release })
		var with atomic.Bool
		with.Store(true)
		var timeout atomic.Int64
		e := loaded(t, Config{Collectors: []Collector{gauge("good", "m_good", 1)}, Configure: func(_ context.Context, s *Setup) error {
			c := stuck
			c.Policy.Timeout = time.Duration(timeout.Load())
			if with.Load() {
				s.Add(c)
			}
			return nil
		}})
		for range 3 {
			_, body := scrape(t, e, "/metrics")
			wantLines(t, body, []string{"m_good 1", `test_scrape_collector_success{collector="stuck"} 0`}, []string{"m_stuck"})
			timeout.Add(int64(time.Second)) // The new policy makes the reload register the collector again.
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if runs.Load() != 1 {
			t.Errorf("it was started %d times", runs.Load())
		}
		with.Store(false)
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retireTime / 2)
		if closing.closed.Load() != 0 {
			t.Error("it was closed early")
		}
		time.Sleep(retireTime)
		if closing.closed.Load() != 1 {
			t.Error("it was not closed")
		}
		close(release)
	})
}

// TestReloadLeavesHungProgramBehind checks that functions of the program that hang, panic or return errors
// fail only their reload.
func TestReloadLeavesHungProgramBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var configure atomic.Pointer[func(*Setup) error]
		set := func(f func(*Setup) error) { configure.Store(&f) }
		set(func(*Setup) error { return nil })
		e := loaded(t, Config{
			Collectors: []Collector{gauge("good", "m_good", 1)},
			Configure:  func(_ context.Context, s *Setup) error { return (*configure.Load())(s) },
		})
		release := make(chan struct{})
		set(func(s *Setup) error { <-release; s.Add(gauge("late", "m_late", 1)); return nil })
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := e.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v", err)
			}
			cancel()
		}
		if err := e.Reload(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a deadline: got error %v", err)
		}
		close(release)
		synctest.Wait()
		_, body := scrape(t, e, "/metrics")
		wantLines(t, body, []string{"m_good 1", "test_config_last_reload_successful 0"}, []string{"m_late"})

		invalid := gauge("bad", "m_bad", 1)
		invalid.New = func(context.Context, *slog.Logger) (metric.Collector, error) {
			return nil, fmt.Errorf("%w: no such mode", ErrInvalid)
		}
		panics, returnsNil := invalid, invalid
		panics.New = func(context.Context, *slog.Logger) (metric.Collector, error) { panic("boom") }
		returnsNil.New = func(context.Context, *slog.Logger) (metric.Collector, error) { return (*closing)(nil), nil }
		for want, f := range map[string]func(*Setup) error{
			"boom":                        func(*Setup) error { panic("boom") },
			"no such mode":                func(s *Setup) error { s.Add(invalid); return nil },
			"New panicked: boom":          func(s *Setup) error { s.Add(panics); return nil },
			"neither a collector nor":     func(s *Setup) error { s.Add(returnsNil); return nil },
			`two collectors named "good"`: func(s *Setup) error { s.Add(gauge("good", "m", 1)); return nil },
			"collector other: another":    func(s *Setup) error { s.Add(gauge("other", "m_good", 1)); return nil },
			"max_concurrent is 0":         func(s *Setup) error { s.Group("g", 0); return nil },
			"no function New":             func(s *Setup) error { s.Add(Collector{Name: "x"}); return nil },
			"taken by the exporter":       func(s *Setup) error { s.Add(gauge("go", "m", 1)); return nil },
		} {
			set(f)
			if err := e.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want one with %s", err, want)
			}
			_, body := scrape(t, e, "/metrics")
			wantLines(t, body, []string{"m_good 1", "test_config_last_reload_successful 0"}, []string{"m_bad"})
		}
	})
}

// explosive is a setting that panics when it is read.
type explosive struct{}

func (*explosive) UnmarshalYAML(*yaml.Node) error { panic("boom") }

// TestSettingsThatPanic checks that a reload survives settings of the program that panic when they are
// read.
func TestSettingsThatPanic(t *testing.T) {
	file := write(t, "a: 1")
	e, err := parsed(Config{Settings: func() any {
		return &struct {
			A explosive `yaml:"a"`
		}{}
	}}, "--config.file="+file)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got error %v", err)
	}
}

// TestReloadUnderLoad checks that each scrape during reloads has the collectors that all configurations
// have, and the remaining collectors of exactly one configuration.
func TestReloadUnderLoad(t *testing.T) {
	var generation atomic.Int32
	e := loaded(t, Config{Collectors: []Collector{gauge("good", "m_good", 1)}, Configure: func(_ context.Context, s *Setup) error {
		n := generation.Load()
		if n%5 == 4 {
			return errors.New("invalid")
		}
		for i := range 3 {
			s.Add(Collector{Name: fmt.Sprintf("part%d", i), Settings: n, New: func(context.Context, *slog.Logger) (metric.Collector, error) {
				return collectorOf(fmt.Sprintf("m_part%d", i), func() float64 { return float64(n) }), nil
			}})
		}
		return nil
	}}, "--web.max-requests=0")
	done := make(chan struct{})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				status, body := scrape(t, e, "/metrics")
				values := make(map[string]bool)
				for line := range strings.Lines(body) {
					if name, value, _ := strings.Cut(line, " "); strings.HasPrefix(name, "m_part") {
						values[name], values[value] = true, true
					}
				}
				if status != http.StatusOK || !strings.Contains(body, "\nm_good 1\n") || len(values) != 4 {
					t.Errorf("status %d, got %v", status, values)
					return
				}
			}
		})
	}
	for range 100 {
		generation.Add(1)
		if err := e.Reload(t.Context()); (err != nil) != (generation.Load()%5 == 4) {
			t.Errorf("got error %v", err)
		}
	}
	close(done)
	clients.Wait()
}

// TestScrapesShareRuns checks that two concurrent scrapes share one run of a collector.
func TestScrapesShareRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		slow, _ := waiting("slow", "m_slow", nil, func(context.Context) { runs.Add(1); time.Sleep(time.Second) })
		e := loaded(t, Config{Collectors: []Collector{slow}})
		var scrapes sync.WaitGroup
		for range 3 {
			scrapes.Go(func() {
				_, body := scrape(t, e, "/metrics")
				wantLines(t, body, []string{"m_slow 1"}, nil)
			})
		}
		scrapes.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("three scrapes at once have made %d runs", n)
		}
	})
}
