package gokit_test

import (
	"bytes"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gokit"
)

// TestMistakes checks that each invalid update is left out and reported once.
func TestMistakes(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	counter := func(pairs []string, v float64) func(instruments) {
		return func(i instruments) { i.requests.With(pairs...).Add(v) }
	}
	good := []string{"method", "GET", "code", "200", "shard", "1"}
	for name, tc := range map[string]struct {
		update func(instruments)
		says   []string // texts in the error; nil if the update is valid
	}{
		"valid":                {counter(good, 1), nil},
		"missing label":        {counter(good[:4], 1), []string{"shop_orders_requests_total", `"shard"`}},
		"no label":             {counter(nil, 1), []string{"shop_orders_requests_total", `"shard"`}},
		"wrong name":           {counter([]string{"method", "GET", "code", "200", "shart", "1"}, 1), []string{"shop_orders_requests_total", `"shart"`}},
		"another label":        {counter(append([]string{"a", "b"}, good...), 1), []string{"shop_orders_requests_total", "4"}},
		"invalid UTF-8":        {counter([]string{"method", "\xff", "code", "200", "shard", "1"}, 1), []string{"shop_orders_requests_total", "UTF-8"}},
		"negative counter":     {counter(good, -1), []string{"shop_orders_requests_total", "-1", "negative", "GET"}},
		"NaN counter":          {counter(good, nan), []string{"shop_orders_requests_total", "NaN"}},
		"infinite counter":     {counter(good, inf), []string{"shop_orders_requests_total", "+Inf"}},
		"label of no labels":   {func(i instruments) { i.plain.With("a", "b").Add(1) }, []string{"plain_total"}},
		"gauge":                {func(i instruments) { i.depth.Set(1) }, []string{"queue_depth", `"queue"`}},
		"gauge, Add":           {func(i instruments) { i.depth.With("q", "a").Add(1) }, []string{"queue_depth", `"q"`}},
		"NaN gauge is valid":   {func(i instruments) { i.depth.With("queue", "a").Set(nan) }, nil},
		"histogram":            {func(i instruments) { i.latency.Observe(1) }, []string{"latency_seconds", `"route"`}},
		"NaN histogram":        {func(i instruments) { i.latency.With("route", "a").Observe(nan) }, []string{"latency_seconds", "NaN"}},
		"infinite histogram":   {func(i instruments) { i.latency.With("route", "a").Observe(-inf) }, []string{"latency_seconds", "-Inf"}},
		"summary":              {func(i instruments) { i.payload.Observe(1) }, []string{"payload_bytes", `"route"`}},
		"infinite summary":     {func(i instruments) { i.payload.With("route", "a").Observe(inf) }, []string{"payload_bytes", "+Inf"}},
		"reserved label value": {counter([]string{"method", metric.OverflowValue, "code", "1", "shard", "1"}, 1), nil},
	} {
		for kind, build := range map[string]func(*failures) instruments{
			"registered": func(f *failures) instruments { return reporting(t, f) },
			"wrapped": func(f *failures) instruments {
				on := gokit.OnError(f.add)
				return instruments{
					requests: gokit.NewCounter(metric.NewCounterVec(requestsOpts, requestsLabels), on),
					depth:    gokit.NewGauge(metric.NewGaugeVec(depthOpts, []string{"queue"}), on),
					latency:  gokit.NewHistogram(metric.NewHistogramVec(latencyOpts, []string{"route"}), on),
					payload:  gokit.NewSummary(metric.NewSummaryVec(payloadOpts, []string{"route"}), on),
					plain:    gokit.NewCounter(metric.NewCounterVec(plainOpts, nil), on),
				}
			},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				var f failures
				tc.update(build(&f))
				switch {
				case len(tc.says) == 0 && len(f.list) > 0:
					t.Errorf("a valid update was reported: %v", f.list)
				case len(tc.says) > 0 && len(f.list) != 1:
					t.Errorf("%d errors were reported: %v", len(f.list), f.list)
				}
				for _, s := range tc.says {
					if len(f.list) > 0 && !strings.Contains(f.list[0], s) {
						t.Errorf("%q does not say %s", f.list[0], s)
					}
				}
			})
		}
	}
}

func reporting(t *testing.T, f *failures) instruments {
	r, on := metric.NewRegistry(), gokit.OnError(f.add)
	return instruments{
		requests: must[*gokit.Counter](t)(gokit.RegisterCounter(r, requestsOpts, requestsLabels, on)),
		depth:    must[*gokit.Gauge](t)(gokit.RegisterGauge(r, depthOpts, []string{"queue"}, on)),
		latency:  must[*gokit.Histogram](t)(gokit.RegisterHistogram(r, latencyOpts, []string{"route"}, on)),
		payload:  must[*gokit.Summary](t)(gokit.RegisterSummary(r, payloadOpts, []string{"route"}, on)),
		plain:    must[*gokit.Counter](t)(gokit.RegisterCounter(r, plainOpts, nil, on)),
	}
}

// TestMistakesCostNothingElse checks that valid updates of an instrument work after invalid ones.
func TestMistakesCostNothingElse(t *testing.T) {
	r := metric.NewRegistry()
	c := must[*gokit.Counter](t)(gokit.RegisterCounter(r, metric.CounterOpts{Name: "c", Help: "h"}, []string{"a"}, gokit.OnError(nil)))
	kept := c.With("a", "1")
	for _, v := range []float64{1, -1, math.NaN(), math.Inf(1), 2} {
		kept.Add(v)
	}
	for range 2 {
		c.With("b", "1").Add(1)
	}
	wantText(t, expose(t, r), "# HELP c h\n# TYPE c counter\nc{a=\"1\"} 3\n")
}

// TestLog checks that the mistakes of one metric are logged once a minute.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		before := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		defer slog.SetDefault(before)

		c := gokit.NewCounter(metric.NewCounterVec(metric.CounterOpts{Name: "c", Help: "h"}, []string{"a"}))
		wrong := c.With("b", "1")
		for range 30 {
			wrong.Add(1)
			time.Sleep(5 * time.Second)
		}
		lines := regexp.MustCompile(`(?m)^time=\S+ level=WARN msg="a metric was not updated" error=.*\\"c\\".* suppressed=(\d+)$`).FindAllStringSubmatch(out.String(), -1)
		if len(lines) != 3 || lines[0][1] != "0" || lines[1][1] != "11" || lines[2][1] != "11" {
			t.Errorf("logged\n%s", out.String())
		}
	})
}

func TestRegister(t *testing.T) {
	r := metric.NewRegistry()
	a := must[*gokit.Counter](t)(gokit.RegisterCounter(r, plainOpts, nil))
	b := must[*gokit.Counter](t)(gokit.RegisterCounter(r, plainOpts, nil))
	a.Add(1)
	b.Add(1)
	wantText(t, expose(t, r), "# HELP plain_total Without labels.\n# TYPE plain_total counter\nplain_total 2\n")

	if _, err := gokit.RegisterCounter(r, plainOpts, []string{"a"}); err == nil || !strings.Contains(err.Error(), "plain_total") {
		t.Errorf("other labels: %v", err)
	}
	if _, err := gokit.RegisterGauge(r, metric.GaugeOpts(plainOpts), nil); err == nil {
		t.Error("another kind was registered")
	}
	for name, register := range map[string]func() error{
		"counter":   func() error { _, err := gokit.RegisterCounter(nil, plainOpts, nil); return err },
		"gauge":     func() error { _, err := gokit.RegisterGauge(nil, depthOpts, nil); return err },
		"histogram": func() error { _, err := gokit.RegisterHistogram(nil, latencyOpts, nil); return err },
		"summary":   func() error { _, err := gokit.RegisterSummary(nil, payloadOpts, nil); return err },
	} {
		if err := register(); err == nil {
			t.Errorf("%s: a nil registerer is no error", name)
		}
	}
}

// TestManyLabels checks vectors with more labels than the fast lookup supports.
func TestManyLabels(t *testing.T) {
	names := strings.Split("abcdefghij", "")
	r := metric.NewRegistry()
	var c metrics.Counter = must[*gokit.Counter](t)(gokit.RegisterCounter(r, plainOpts, names))
	for _, n := range names {
		c = c.With(n, n+n)
	}
	c.Add(1)
	if text := expose(t, r); !strings.Contains(text, `plain_total{a="aa",b="bb",c="cc",d="dd",e="ee",f="ff",g="gg",h="hh",i="ii",j="jj"} 1`) {
		t.Error(text)
	}
}
