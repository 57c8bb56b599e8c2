package dashboard_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func ptr[T any](v T) *T { return &v }

// hostileGatherers returns gatherers that misbehave, or whose families differ in each gather.
func hostileGatherers(release <-chan struct{}) map[string]func(n int) ([]*dto.MetricFamily, error) {
	one := func(t dto.MetricType, m *dto.Metric) []*dto.MetricFamily {
		return []*dto.MetricFamily{{Name: ptr("bad"), Help: ptr("h"), Type: &t, Metric: []*dto.Metric{m}}}
	}
	label := func(name, value string) []*dto.LabelPair { return []*dto.LabelPair{{Name: &name, Value: &value}} }
	return map[string]func(n int) ([]*dto.MetricFamily, error){
		"panic":  func(int) ([]*dto.MetricFamily, error) { panic(fmt.Errorf("%c", 0xfffd)) },
		"goexit": func(int) ([]*dto.MetricFamily, error) { runtime.Goexit(); return nil, nil },
		"hang":   func(int) ([]*dto.MetricFamily, error) { <-release; return nil, nil },
		"types": func(n int) ([]*dto.MetricFamily, error) {
			switch n % 5 {
			case 0:
				return one(dto.MetricType_COUNTER, &dto.Metric{Counter: &dto.Counter{Value: ptr(1.0)}}), nil
			case 1:
				return one(dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleCount: ptr(uint64(n)), SampleSum: ptr(math.Inf(-1)), Quantile: []*dto.Quantile{{Quantile: ptr(0.5), Value: ptr(math.NaN())}}}}), nil
			case 2:
				return one(dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{SampleCount: ptr(uint64(1)), SampleSum: ptr(math.NaN()), Bucket: []*dto.Bucket{{UpperBound: ptr(math.NaN()), CumulativeCount: ptr(uint64(1))}}}}), nil
			case 3:
				return one(dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: &dto.Histogram{
					SampleCount: ptr(uint64(1)), SampleSum: ptr(1.0), Schema: ptr(int32(n%12 - 4)), ZeroThreshold: ptr(0.1),
					PositiveSpan: []*dto.BucketSpan{{Offset: ptr(int32(math.MaxInt32 >> (n % 20))), Length: ptr(uint32(1))}}, PositiveDelta: []int64{1},
				}}), nil
			default:
				return one(dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: ptr(math.Inf(1))}}), nil
			}
		},
		"labels": func(n int) ([]*dto.MetricFamily, error) {
			return one(dto.MetricType_GAUGE, &dto.Metric{Label: label(fmt.Sprint("l", n), strings.Repeat("\u202e<", 1<<18)), Gauge: &dto.Gauge{Value: ptr(math.NaN())}}), nil
		},
		"utf8": func(int) ([]*dto.MetricFamily, error) {
			return one(dto.MetricType_GAUGE, &dto.Metric{Label: label("l", "\xff\xfe"), Gauge: &dto.Gauge{Value: ptr(1.0)}}), nil
		},
		"duplicates": func(int) ([]*dto.MetricFamily, error) {
			a := one(dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: ptr(1.0)}})
			return append(append(a, a...), nil), nil
		},
		"nothing in it": func(int) ([]*dto.MetricFamily, error) {
			return one(dto.MetricType_HISTOGRAM, &dto.Metric{}), nil
		},
	}
}

// TestHostileGatherers checks that misbehaving gatherers harm neither other metrics, nor answers, nor the
// program.
func TestHostileGatherers(t *testing.T) {
	for name := range hostileGatherers(nil) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				gather := hostileGatherers(release)[name]
				n := 0
				sources := metric.NewMultiGatherer()
				for name, g := range map[string]metric.Gatherer{
					"good": registryOf(t, map[string]*probe{"good": newProbe("good")}),
					"bad":  metric.GathererFunc(func() ([]*dto.MetricFamily, error) { n++; return gather(n) }),
				} {
					if err := sources.Register(name, g); err != nil {
						t.Fatal(err)
					}
				}
				d := newDashboard(t, sources, dashboard.Opts{Timeout: second})
				s := open(t, d, "/api/stream?view=collectors&plot="+url.QueryEscape(`{"family":"bad"}`)+"&plot="+url.QueryEscape(`{"family":"good"}`))
				before := 0
				for i := range 30 {
					time.Sleep(2 * second)
					synctest.Wait()
					if i == 5 {
						before = runtime.NumGoroutine()
					}
					for _, path := range []string{"collectors", "metrics", "metrics?q=bad", "family?name=bad", "family?name=good", "cardinality", "history", "plot?spec=" + url.QueryEscape(`{"family":"bad","each":true}`)} {
						w := get(d, "/api/"+path)
						if !json.Valid(w.Body.Bytes()) || w.Code >= http.StatusInternalServerError || w.Body.Len() > 1<<20 {
							t.Fatalf("%s: %d, %d bytes: %.200s", path, w.Code, w.Body.Len(), w.Body)
						}
					}
				}
				synctest.Wait()
				if after := runtime.NumGoroutine(); after > before+3 {
					t.Errorf("there were %d goroutines, and are %d", before, after)
				}
				if ticks := s.events("tick"); len(ticks) < 20 || last[tick](t, s, "tick").Series < 1 {
					t.Errorf("got %d ticks: %s", len(ticks), s.sent()[:1000])
				}
				if n := len(s.sent()); n > 10<<20 {
					t.Errorf("the stream has %d bytes", n)
				}
				close(release)
			})
		})
	}
}
