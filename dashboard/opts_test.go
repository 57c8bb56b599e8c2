package dashboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/dashboard"
)

func TestInvalidOpts(t *testing.T) {
	for _, test := range []struct {
		opts dashboard.Opts
		want string
	}{
		{dashboard.Opts{Interval: time.Millisecond}, "at least 100ms"},
		{dashboard.Opts{Interval: -1}, "Interval"},
		{dashboard.Opts{History: -1}, "must be positive"},
		{dashboard.Opts{History: time.Millisecond}, "History"},
		{dashboard.Opts{History: time.Minute, HistoryInterval: time.Hour}, "no two samples"},
		{dashboard.Opts{HistoryInterval: 1}, "HistoryInterval"},
		{dashboard.Opts{MaxBytes: 1000}, "MaxBytes"},
		{dashboard.Opts{MaxSeries: -1}, "MaxSeries"},
		{dashboard.Opts{Timeout: -1}, "Timeout"},
		{dashboard.Opts{Selection: metric.Selection{Collectors: []string{"a"}, Exclude: []string{"b"}}}, "only one"},
		{dashboard.Opts{Selection: metric.Selection{Families: []string{""}}}, "empty name"},
		{dashboard.Opts{MetricsURL: "javascript:alert(1)"}, `scheme "javascript"`},
		{dashboard.Opts{MetricsURL: "http://user:secret@host/"}, "credentials"},
		{dashboard.Opts{MetricsURL: "http://user:sec%ret@host/"}, "not a URL"},
		{dashboard.Opts{TraceURL: "data:text/html,{trace_id}"}, `scheme "data"`},
		{dashboard.Opts{TraceURL: "https://traces/"}, "{trace_id}"},
		{dashboard.Opts{TraceURL: "{trace_id}:x"}, "TraceURL"},
		{dashboard.Opts{Interval: -1, Timeout: -1}, "Timeout"},
	} {
		_, err := dashboard.New(metric.NewContextRegistry(), test.opts)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "sec") && strings.Contains(err.Error(), "ret@") {
			t.Errorf("%+v: %v", test.opts, err)
		}
	}
}

func TestValidOpts(t *testing.T) {
	for _, opts := range []dashboard.Opts{
		{},
		{History: time.Second},
		{MetricsURL: "/metrics", TraceURL: "https://traces/{trace_id}?span={span_id}"},
		{MetricsURL: "../metrics?x=y", TraceURL: "/t/{span_id}"},
		{MetricsURL: "//other/metrics"},
	} {
		d, err := dashboard.New(metric.NewContextRegistry(), opts)
		if err != nil {
			t.Errorf("%+v: %v", opts, err)
			continue
		}
		_ = d.Close()
	}
}

func TestNilGatherer(t *testing.T) {
	for _, g := range []metric.Gatherer{nil, (*metric.ContextRegistry)(nil), metric.GathererWithContextFunc(nil)} {
		if _, err := dashboard.New(g, dashboard.Opts{}); err == nil || !strings.Contains(err.Error(), "nil") {
			t.Errorf("%T: %v", g, err)
		}
	}
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "cannot make a dashboard") {
			t.Errorf("Handler has panicked with %v", err)
		}
	}()
	dashboard.Handler(nil, dashboard.Opts{})
}
