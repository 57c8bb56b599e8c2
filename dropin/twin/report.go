//metricvet:ignore Both libraries have to report the same mistakes.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/push"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
)

// reporter prints results, one on each line.
type reporter struct{ w io.Writer }

func (r reporter) print(about string, results ...any) {
	_, _ = fmt.Fprintf(r.w, "%s: %v\n", about, results)
}

// panics prints the value with which f panics.
func (r reporter) panics(about string, f func()) {
	defer func() { r.print(about, recover()) }()
	f()
}

// reportErrors reports the errors of invalid registrations, with their texts.
func reportErrors(w io.Writer) {
	r := reporter{w}
	reg := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "Counted."})
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "v_total", Help: "Counted."}, []string{"a", "b"})
	r.print("register", reg.Register(counter), reg.Register(vec))
	err := reg.Register(prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "Counted."}))
	var already prometheus.AlreadyRegisteredError
	r.print("equal collector", err, errors.As(err, &already) && already.ExistingCollector == prometheus.Collector(counter))
	r.print("other help", reg.Register(prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total", Help: "Other."})))
	r.print("other labels", reg.Register(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "v_total", Help: "Counted."}, []string{"c"})))
	r.print("bad name", reg.Register(prometheus.NewGauge(prometheus.GaugeOpts{Name: ""})), reg.Register(prometheus.NewGauge(prometheus.GaugeOpts{Name: "a\xff"})))
	r.print("bad label", reg.Register(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "l"}, []string{"__a"})))
	r.print("label twice", reg.Register(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "l", ConstLabels: prometheus.Labels{"a": "1"}}, []string{"a"})))
	r.print("unregister", reg.Unregister(counter), reg.Unregister(counter), reg.Unregister(vec))
	r.panics("MustRegister", func() { reg.MustRegister(vec, vec) })
	r.panics("promauto", func() {
		promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{Name: "v_total", Help: "Counted."}, []string{"a", "b"})
	})

	_, err = vec.GetMetricWithLabelValues("1")
	r.print("few values", err)
	_, err = vec.GetMetricWith(prometheus.Labels{"a": "1", "c": "2"})
	r.print("wrong label", err)
	_, err = vec.GetMetricWithLabelValues("1", "\xff")
	r.print("bad value", err)
	_, err = vec.CurryWith(prometheus.Labels{"z": "1"})
	r.print("curry unknown", err)
	_, err = vec.MustCurryWith(prometheus.Labels{"a": "1"}).CurryWith(prometheus.Labels{"a": "1"})
	r.print("curry again", err)
	r.panics("many values", func() { vec.WithLabelValues("1", "2", "3") })
	r.panics("decrease", func() { counter.Add(-1) })
	r.panics("long exemplar", func() {
		addWithExemplar(counter, 1, strings.Repeat("x", 200))
	})
	r.panics("le", func() {
		prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", ConstLabels: prometheus.Labels{"le": "1"}})
	})
	r.panics("quantile", func() { prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "s"}, []string{"quantile"}) })
	r.panics("buckets", func() { prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{2, 1}}) })
	r.panics("linear buckets", func() { prometheus.LinearBuckets(1, 1, 0) })
	r.panics("max age", func() {
		prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", MaxAge: -1})
	})

	_, err = broken().Gather()
	r.print("gather", err)
	_, err = prometheus.Gatherers{broken(), broken()}.Gather()
	r.print("gatherers", strings.Split(err.Error(), "{")[0])
	multi := prometheus.MultiError{errors.New("one"), errors.New("two")}
	r.print("multi error", multi, multi[:1].MaybeUnwrap(), multi[:0].MaybeUnwrap())
	r.print("descs", prometheus.NewDesc("d", "D.", []string{"x"}, prometheus.Labels{"y": "z"}), counter.Desc())

	file := filepath.Join(os.TempDir(), fmt.Sprintf("twin-%d.prom", os.Getpid()))
	defer os.Remove(file) //nolint:errcheck // The file is in a temporary directory.
	healthy := prometheus.NewRegistry()
	healthy.MustRegister(counter)
	r.print("WriteToTextfile", prometheus.WriteToTextfile(file, healthy))
	text, err := os.ReadFile(file) //nolint:gosec // The file was just written.
	r.print("file", string(text), err)
}

// reportTestutil reports the results of client_golang's testutil for instruments.
func reportTestutil(w io.Writer, url string) {
	r := reporter{w}
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g", Help: "A gauge."})
	gauge.Set(2.5)
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests", Help: "Badly named"}, []string{"code"})
	counter.WithLabelValues("200").Add(7)
	counter.WithLabelValues("500").Inc()
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h_seconds", Help: "A histogram.", Buckets: []float64{1, 2}})
	histogram.Observe(1.5)
	summary := prometheus.NewSummary(prometheus.SummaryOpts{Name: "s", Help: "A summary.", Objectives: map[float64]float64{0.5: 0.05}})
	summary.Observe(3)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(gauge, counter, histogram, summary)

	r.print("ToFloat64", testutil.ToFloat64(gauge), testutil.ToFloat64(counter.WithLabelValues("200")))
	r.panics("ToFloat64 of two", func() { testutil.ToFloat64(counter) })
	r.print("CollectAndCount", testutil.CollectAndCount(counter), testutil.CollectAndCount(histogram), testutil.CollectAndCount(counter, "other"))
	n, err := testutil.GatherAndCount(reg, "g", "requests")
	r.print("GatherAndCount", n, err)
	problems, err := testutil.CollectAndLint(counter)
	r.print("CollectAndLint", problems, err)
	problems, err = testutil.GatherAndLint(reg)
	r.print("GatherAndLint", problems, err)
	for _, value := range []string{"2.5", "2.6"} {
		want := "# HELP g A gauge.\n# TYPE g gauge\ng " + value + "\n"
		r.print("CollectAndCompare", testutil.CollectAndCompare(gauge, strings.NewReader(want)))
		r.print("GatherAndCompare", testutil.GatherAndCompare(reg, strings.NewReader(want), "g"))
		r.print("TransactionalGatherAndCompare", testutil.TransactionalGatherAndCompare(prometheus.ToTransactionalGatherer(reg), strings.NewReader(want), "g"))
	}
	want := "# HELP twin_main_started Is 1.\n# TYPE twin_main_started gauge\ntwin_main_started 1\n"
	r.print("ScrapeAndCompare", testutil.ScrapeAndCompare(url+"/default", strings.NewReader(want), "twin_main_started"))
	for _, format := range []expfmt.FormatType{expfmt.TypeTextPlain, expfmt.TypeOpenMetrics} {
		text, err := testutil.CollectAndFormat(histogram, format, "h_seconds")
		r.print("CollectAndFormat", string(text), err)
	}
}

// pushAll pushes with each of the pusher's methods.
func pushAll(ctx context.Context, w io.Writer, reg prometheus.Gatherer, gateway string) {
	r := reporter{w}
	done := prometheus.NewGauge(prometheus.GaugeOpts{Name: "job_done", Help: "Is 1."})
	done.Set(1)
	r.print("Push", push.New(gateway, "twin").Collector(done).Grouping("instance", "a/b").Push())
	r.print("AddContext", push.New(gateway, "twin").Gatherer(reg).Format(expfmt.NewFormat(expfmt.TypeTextPlain)).AddContext(ctx))
	r.print("BasicAuth", push.New(gateway, "twin").Collector(done).Gatherer(wrapped()).BasicAuth("user", "secret").PushContext(ctx))
	r.print("Delete", push.New(gateway, "twin").Grouping("empty", "").Delete())
	r.print("broken", push.New(gateway, "twin").Gatherer(broken()).Push())
	r.print("refused", push.New(gateway+"/refuse", "twin").Collector(done).Push())
	r.print("bad label", push.New(gateway, "twin").Collector(done).Grouping("job_done ", "x").Push())
}
