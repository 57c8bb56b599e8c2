package metric_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// lateWriters are metrics that retain the memory passed to Write and write to it again after another metric
// has been written in a later scrape.
type lateWriters struct {
	mu     sync.Mutex
	scrape int
	kept   map[*dto.Metric]keptBy
}

type keptBy struct {
	writer *lateWriter
	scrape int
}

func (all *lateWriters) nextScrape() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.scrape++
}

type lateWriter struct {
	all   *lateWriters
	desc  *prometheus.Desc
	value float64
}

func (w *lateWriter) Desc() *prometheus.Desc { return w.desc }

func (w *lateWriter) Write(out *dto.Metric) error {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	out.Gauge = &dto.Gauge{Value: &w.value}
	for late, by := range w.all.kept {
		if by.writer != w && by.scrape < w.all.scrape {
			late.Label = []*dto.LabelPair{{Name: new("late"), Value: new("1")}}
			late.Gauge = &dto.Gauge{Value: new(-by.writer.value)}
		}
	}
	w.all.kept[out] = keptBy{w, w.all.scrape}
	return nil
}

// TestLateWrites checks metrics that write to the memory of earlier scrapes after others have been written.
// The metrics of other collectors must keep their values.
func TestLateWrites(t *testing.T) {
	for way, wrap := range map[string]func(*prometheus.Desc, metric.Metric) metric.Collector{
		"collector": func(_ *prometheus.Desc, m metric.Metric) metric.Collector {
			return metric.CollectorFunc(func(ch chan<- metric.Metric) { ch <- m })
		},
		"wrapped": func(_ *prometheus.Desc, m metric.Metric) metric.Collector {
			return metric.WrapCollectorWith(nil, metric.CollectorFunc(func(ch chan<- metric.Metric) { ch <- m }))
		},
		"with context": func(_ *prometheus.Desc, m metric.Metric) metric.Collector {
			return metric.CollectorWithContextFunc(func(_ context.Context, ch chan<- metric.Metric) { ch <- m })
		},
		"stream": func(d *prometheus.Desc, m metric.Metric) metric.Collector {
			return streamWith(func(_ context.Context, sink *metric.Sink) error { return sink.Metric(m) }, d)
		},
	} {
		t.Run(way, func(t *testing.T) {
			const collectors, scrapes = 5, 20
			all := &lateWriters{kept: make(map[*dto.Metric]keptBy)}
			r := metric.NewContextRegistry()
			for i := range collectors {
				desc := prometheus.NewDesc(fmt.Sprintf("late_%d", i), "Of a test.", nil, nil)
				r.MustRegister(wrap(desc, &lateWriter{all, desc, float64(i + 1)}))
			}
			handler := metric.HandlerForContext(r, metric.HandlerOpts{})
			for range scrapes {
				all.nextScrape()
				response := httptest.NewRecorder()
				handler.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
				for i := range collectors {
					if want := fmt.Sprintf("\nlate_%d %d\n", i, i+1); !strings.Contains(response.Body.String(), want) {
						t.Fatalf("no %q in\n%s", want, response.Body)
					}
				}
			}
			for range scrapes {
				all.nextScrape()
				families, err := r.Gather()
				if err != nil || len(families) != collectors {
					t.Fatalf("gathered %v and %v", families, err)
				}
			}
		})
	}
}
