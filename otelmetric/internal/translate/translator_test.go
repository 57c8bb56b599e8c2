package translate_test

import (
	"testing"

	"github.com/prometheus/otlptranslator"

	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// theirs returns the name that the exporter gives a metric.
func theirs(t *testing.T, strategy otlptranslator.TranslationStrategyOption, namespace, name, unit string, kind translate.Kind) (string, error) {
	t.Helper()
	if namespace != "" {
		labels := otlptranslator.LabelNamer{UTF8Allowed: !strategy.ShouldEscape()}
		var err error
		if namespace, err = labels.Build(namespace); err != nil {
			t.Fatal(err)
		}
	}
	m := otlptranslator.Metric{Name: name}
	if strategy.ShouldAddSuffixes() { // The exporter's option without units is part of the other strategies.
		m.Unit = unit
	}
	switch {
	case kind == translate.Counter && strategy.ShouldAddSuffixes():
		m.Type = otlptranslator.MetricTypeMonotonicCounter
	case kind == translate.Counter, kind == translate.UpDownCounter:
		m.Type = otlptranslator.MetricTypeNonMonotonicCounter
	case kind == translate.Histogram:
		m.Type = otlptranslator.MetricTypeHistogram
	default:
		m.Type = otlptranslator.MetricTypeGauge
	}
	namer := otlptranslator.NewMetricNamer(namespace, strategy)
	return namer.Build(m)
}

var allKinds = []translate.Kind{translate.Counter, translate.UpDownCounter, translate.Gauge, translate.Histogram}

// TestNamesAreTheExporters checks that metrics have the names that OpenTelemetry's Prometheus exporter gives
// them.
func TestNamesAreTheExporters(t *testing.T) {
	names := []string{
		"a", "A", "http.server.request.duration", "camelCase", "a_b", "a-b/c", "a b", "_a__b_", ".a.", "a.", "a::b:", ":", "1a", "9",
		"日本.a", "日本語a", "größe", "a\u00a0b", "total", "_total", "a.total", "a_total", "a-total", "total.requests", "a.total.count", "a.total.total",
		"ratio", "a.ratio", "a_ratio_x", "a_ratio", "a.seconds", "a_seconds", "a_seconds_total", "seconds_before", "myseconds", "seconds",
		"a_bytes", "bytes.sent", "bytes", "a.packets", "a_percent", "a_1", "a.s", "as", "a.bytes.total", "a_milliseconds",
	}
	units := []string{
		"", "1", " 1 ", "  ", "s", "ms", "us", "ns", "min", "h", "d", "By", "KiBy", "MiBy", "GiBy", "KBy", "MBy", "GBy", "TBy",
		"m", "V", "A", "J", "W", "g", "Cel", "Hz", "%", "w", "mo", "y", "a", "{packet}", "{a}{b}", "packets", "widgets", "foo bar", "foo-bar", "_s_",
		"total", "ratio", "seconds", "By/s", "m/s", "1/s", "{x}/s", "/s", "By/h", "By/d", "By/w", "By/mo", "By/y", "s /h ", " s ", "m/s/s",
		"By/foo", "foo/bar", "By/", "By/ ", "By/{x}", "/", "°C", "日", "s/日本", "1/1",
	}
	for _, strategy := range strategies {
		t.Run(string(strategy), func(t *testing.T) {
			for _, namespace := range []string{"", "ns", "9ns", "my.app", "_x_"} {
				n := newNames(t, strategy, namespace)
				for _, name := range names {
					for _, unit := range units {
						for _, kind := range allKinds {
							want, err := theirs(t, strategy, namespace, name, unit, kind)
							if err != nil {
								t.Fatal(err)
							}
							got, err := n.Metric(name, unit, kind)
							if err != nil || got.Name != want {
								t.Errorf("namespace %q, name %q, unit %q, kind %d: got %q (error %v), want %q",
									namespace, name, unit, kind, got.Name, err, want)
							}
						}
					}
				}
			}
		})
	}
}

// TestCorrections checks the documented differences from the exporter. It fails if a new version of the
// translator no longer has one of them.
func TestCorrections(t *testing.T) {
	const counter, gauge = translate.Counter, translate.Gauge
	for _, c := range []struct {
		strategy     otlptranslator.TranslationStrategyOption
		name, unit   string
		kind         translate.Kind
		theirs, ours string
	}{
		{escaped, "a", "TiBy", gauge, "a_tibibytes", "a_tebibytes"},
		{suffixed, "a", "TiBy", gauge, "a_tibibytes", "a_tebibytes"},
		{escaped, "a", "kBy", gauge, "a_kBy", "a_kilobytes"},
		{escaped, "a", "By/min", gauge, "a_bytes_per_min", "a_bytes_per_minute"},
		{escaped, "a", "By/ms", gauge, "a_bytes_per_ms", "a_bytes_per_millisecond"},
		{escaped, "a", "J/m", gauge, "a_joules_per_minute", "a_joules_per_meter"},
		{escaped, "a", "By/By", gauge, "a_bytes_per_By", "a_bytes_per_byte"},
		{escaped, "a", "s/%", gauge, "a_seconds", "a_seconds_per_percent"},
		{escaped, "a", "By{sent}", counter, "a_total", "a_bytes_total"},
		{suffixed, "a", "By{sent}/s", counter, "a_per_second_total", "a_bytes_per_second_total"},
		{escaped, "a", "{x/y}/s", gauge, "a", "a_per_second"},
		{escaped, "io_bytes_per_second", "By/s", gauge, "io_bytes_per_second_per_second", "io_bytes_per_second"},
		{escaped, "io.per.second.total", "1/s", counter, "io_per_second_per_second_total", "io_per_second_total"},
		{suffixed, "subtotal", "", counter, "su_total", "subtotal_total"},
		{suffixed, "concentratio", "1", gauge, "concen_ratio", "concentratio_ratio"},
		{suffixed, "日total", "", counter, "\xe6\x97_total", "日total_total"},
		{suffixed, "super_second", "1/s", gauge, "s_per_second", "super_second_per_second"},
		{suffixed, "a\xff", "s", gauge, "a\xff_seconds", "a\uFFFD_seconds"},
		{untouched, "a\x00", "s", gauge, "a\x00", "a\uFFFD"},
		{escaped, "日本", "s", gauge, "seconds", ""},
		{escaped, "-", "", counter, "total", ""},
		{bare, "___", "", gauge, "___", ""},
		{suffixed, "", "s", gauge, "_seconds", ""},
	} {
		t.Run(string(c.strategy)+" "+c.name+" "+c.unit, func(t *testing.T) {
			if got, err := theirs(t, c.strategy, "", c.name, c.unit, c.kind); err != nil || got != c.theirs {
				t.Errorf("the exporter's name is %q (error %v), want %q", got, err, c.theirs)
			}
			got, err := newNames(t, c.strategy, "").Metric(c.name, c.unit, c.kind)
			if got.Name != c.ours || (err != nil) != (c.ours == "") {
				t.Errorf("our name is %q (error %v), want %q", got.Name, err, c.ours)
			}
		})
	}
}
