package translate_test

import (
	"strings"
	"testing"

	"github.com/prometheus/otlptranslator"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/otelmetric/internal/translate"
)

// Short names for the translation strategies.
const (
	escaped   = "UnderscoreEscapingWithSuffixes"
	bare      = "UnderscoreEscapingWithoutSuffixes"
	suffixed  = "NoUTF8EscapingWithSuffixes"
	untouched = "NoTranslation"
)

var strategies = []otlptranslator.TranslationStrategyOption{escaped, bare, suffixed, untouched}

func newNames(t testing.TB, strategy otlptranslator.TranslationStrategyOption, namespace string) translate.Names {
	t.Helper()
	n, err := translate.New(strategy, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMetricRules checks the rules of the specification, one per line.
func TestMetricRules(t *testing.T) {
	const counter, upDown, gauge, histogram = translate.Counter, translate.UpDownCounter, translate.Gauge, translate.Histogram
	for _, c := range []struct {
		rule       string
		strategy   otlptranslator.TranslationStrategyOption
		namespace  string
		name, unit string
		kind       translate.Kind
		want       string
		wantUnit   string
	}{
		{"the default strategy escapes and adds suffixes", "", "", "http.server", "s", histogram, "http_server_seconds", "seconds"},
		{"characters become underscores", escaped, "", "a.b-c/d e", "", gauge, "a_b_c_d_e", ""},
		{"several characters become one underscore", escaped, "", "a.-_b", "", gauge, "a_b", ""},
		{"colons stay", escaped, "", "job:a:rate", "", gauge, "job:a:rate", ""},
		{"no name begins with a digit", escaped, "", "5xx.responses", "", gauge, "_5xx_responses", ""},
		{"bytes that are not UTF-8 become underscores", escaped, "", "a\xffb", "", gauge, "a_b", ""},

		{"a unit becomes a word before the type", escaped, "", "wait", "ms", counter, "wait_milliseconds_total", "milliseconds"},
		{"up-down counters have a unit only", escaped, "", "used", "By", upDown, "used_bytes", "bytes"},
		{"histograms have a unit only", escaped, "", "size", "KiBy", histogram, "size_kibibytes", "kibibytes"},
		{"a unit without a word stands for itself", escaped, "", "jobs", "tasks", gauge, "jobs_tasks", "tasks"},
		{"a unit is escaped", escaped, "", "wall", "°C", gauge, "wall_C", "C"},
		{"a unit that the name ends in is not repeated", escaped, "", "wait.seconds", "s", gauge, "wait_seconds", "seconds"},
		{"a unit before _total is not repeated", escaped, "", "wait.seconds.total", "s", counter, "wait_seconds_total", "seconds"},
		{"a name keeps a unit in its middle, like the exporter's", escaped, "", "seconds.before", "s", gauge, "seconds_before", ""},
		{"an annotation is dropped", escaped, "", "sent", "{packet}", counter, "sent_total", ""},
		{"an annotation leaves the rest", escaped, "", "sent", "By{payload}", counter, "sent_bytes_total", "bytes"},
		{"an annotation may have a slash", escaped, "", "sent", "{a/b}/s", gauge, "sent_per_second", "per_second"},
		{"a slash is per", escaped, "", "speed", "m/s", gauge, "speed_meters_per_second", "meters_per_second"},
		{"an annotation per second", escaped, "", "hits", "{hit}/s", gauge, "hits_per_second", "per_second"},
		{"a pure number per second", escaped, "", "hits", "1/s", gauge, "hits_per_second", "per_second"},
		{"a unit with a slash is not repeated", escaped, "", "io.bytes.per.second", "By/s", gauge, "io_bytes_per_second", "bytes_per_second"},

		{"a gauge of 1 is a ratio", escaped, "", "usage", "1", gauge, "usage_ratio", "ratio"},
		{"it is one ratio", escaped, "", "usage.ratio", "1", gauge, "usage_ratio", "ratio"},
		{"a counter of 1 has no unit", escaped, "", "calls", "1", counter, "calls_total", ""},
		{"an up-down counter of 1 has no unit", escaped, "", "calls", "1", upDown, "calls", ""},
		{"a histogram of 1 has no unit", escaped, "", "share", "1", histogram, "share", ""},
		{"a histogram of 1 has no unit, whatever its name", escaped, "", "share.ratio", "1", histogram, "share_ratio", ""},
		{"an annotated 1 is no ratio", escaped, "", "share", "1{item}", gauge, "share", ""},

		{"counters end in _total", escaped, "", "calls", "", counter, "calls_total", ""},
		{"_total is added once", escaped, "", "calls.total", "", counter, "calls_total", ""},
		{"_total moves to the end", escaped, "", "calls.total.s", "s", counter, "calls_s_seconds_total", "seconds"},
		{"only counters get _total", escaped, "", "calls_total", "", gauge, "calls_total", ""},

		{"a namespace begins the name", escaped, "my.app", "calls", "", counter, "my_app_calls_total", ""},
		{"a namespace with a digit", escaped, "9th", "calls", "", counter, "key_9th_calls_total", ""},
		{"a namespace before a digit", escaped, "app", "5xx", "", counter, "app_5xx_total", ""},

		{"without suffixes, escaping is all", bare, "", "http.wait", "s", counter, "http_wait", ""},
		{"without suffixes, there is no ratio", bare, "", "usage", "1", gauge, "usage", ""},
		{"without suffixes, a namespace is escaped", bare, "my.app", "wait", "s", counter, "my_app_wait", ""},
		{"without suffixes, a digit", bare, "", "5xx", "", counter, "_5xx", ""},
		{"without suffixes, the name may have the unit", bare, "", "wait.seconds", "s", gauge, "wait_seconds", "seconds"},
		{"without suffixes, so may a counter", bare, "", "wait.seconds.total", "s", counter, "wait_seconds_total", "seconds"},

		{"without escaping, characters stay", suffixed, "", "http.wait", "s", counter, "http.wait_seconds_total", "seconds"},
		{"without escaping, digits stay", suffixed, "", "5xx", "", counter, "5xx_total", ""},
		{"without escaping, other letters stay", suffixed, "", "größe", "By", gauge, "größe_bytes", "bytes"},
		{"without escaping, _total is added once", suffixed, "", "calls_total", "", counter, "calls_total", ""},
		{"without escaping, .total becomes _total", suffixed, "", "calls.total", "", counter, "calls_total", ""},
		{"without escaping, a word that ends in total stays", suffixed, "", "subtotal", "", counter, "subtotal_total", ""},
		{"without escaping, a letter before total stays whole", suffixed, "", "été日total", "", counter, "été日total_total", ""},
		{"without escaping, a word that ends in ratio stays", suffixed, "", "concentratio", "1", gauge, "concentratio_ratio", "ratio"},
		{"without escaping, a word that ends in a rate stays", suffixed, "", "super_second", "{x}/s", gauge, "super_second_per_second", "per_second"},
		{"without escaping, a unit is not repeated", suffixed, "", "io_bytes_per_second", "By/s", gauge, "io_bytes_per_second", "bytes_per_second"},
		{"without escaping, only a word is a unit", suffixed, "", "wait.seconds", "s", gauge, "wait.seconds", ""},
		{"without escaping, UNIT has legacy characters", suffixed, "", "wall", "°C", gauge, "wall_°C", ""},
		{"without escaping, a namespace stays", suffixed, "my.app", "calls", "", counter, "my.app_calls_total", ""},
		{"without escaping, a name is made UTF-8", suffixed, "", "a\xff\xfeb\x00", "x\xff", gauge, "a\uFFFDb\uFFFD_x\uFFFD", ""},

		{"without translation, all stays", untouched, "", "http.wait", "s", counter, "http.wait", ""},
		{"without translation, a namespace is added", untouched, "my.app", "http.wait", "s", counter, "my.app_http.wait", ""},
		{"without translation, the name may have the unit", untouched, "", "http.wait_seconds", "s", gauge, "http.wait_seconds", "seconds"},
		{"without translation, a name is made UTF-8", untouched, "a\xff", "b\x00", "", gauge, "a\uFFFD_b\uFFFD", ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			got, err := newNames(t, c.strategy, c.namespace).Metric(c.name, c.unit, c.kind)
			if want := (translate.Metric{Name: c.want, Unit: c.wantUnit}); err != nil || got != want {
				t.Errorf("%q with unit %q is %+v (error %v), want %+v", c.name, c.unit, got, err, want)
			}
		})
	}
}

func TestUnitWords(t *testing.T) {
	for unit, word := range map[string]string{
		"d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
		"By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tebibytes",
		"kBy": "kilobytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
		"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
		"Cel": "celsius", "Hz": "hertz", "%": "percent",
		"By/d": "bytes_per_day", "By/h": "bytes_per_hour", "By/min": "bytes_per_minute", "By/s": "bytes_per_second",
		"By/ms": "bytes_per_millisecond", "By/us": "bytes_per_microsecond", "By/ns": "bytes_per_nanosecond",
		"By/w": "bytes_per_week", "By/mo": "bytes_per_month", "By/y": "bytes_per_year",
		"J/m": "joules_per_meter", "g/kBy": "grams_per_kilobyte", "s/%": "seconds_per_percent", "V/Cel": "volts_per_celsius",
		"By / s": "bytes_per_second", "By/{x}": "bytes", "By{x": "bytes", "By}": "bytes", "{x}By{y}/s{z}": "bytes_per_second",
	} {
		t.Run(unit, func(t *testing.T) {
			for _, strategy := range []otlptranslator.TranslationStrategyOption{escaped, suffixed} {
				got, err := newNames(t, strategy, "").Metric("x", unit, translate.Gauge)
				if want := (translate.Metric{Name: "x_" + word, Unit: word}); err != nil || got != want {
					t.Errorf("%s: got %+v (error %v), want %+v", strategy, got, err, want)
				}
			}
		})
	}
}

func TestMetricErrors(t *testing.T) {
	for _, c := range []struct {
		strategy otlptranslator.TranslationStrategyOption
		name     string
		want     string
	}{
		{escaped, "", "at least one character"},
		{bare, "", "at least one character"},
		{suffixed, "", "at least one character"},
		{untouched, "", "at least one character"},
		{escaped, "日本", `name "日本"`},
		{escaped, "-.-", "use at least one ASCII letter or digit"},
		{escaped, "___", "use at least one ASCII letter or digit"},
		{bare, "日本", "a translation strategy without escaping"},
		{bare, "_.", "use at least one ASCII letter or digit"},
	} {
		for _, namespace := range []string{"", "app"} {
			t.Run(string(c.strategy)+" "+c.name+" "+namespace, func(t *testing.T) {
				got, err := newNames(t, c.strategy, namespace).Metric(c.name, "s", translate.Counter)
				if err == nil || !strings.Contains(err.Error(), c.want) || got != (translate.Metric{}) {
					t.Errorf("got %+v and error %v, want an error with %q", got, err, c.want)
				}
			})
		}
	}
}

func TestNewErrors(t *testing.T) {
	n, err := translate.New("Shouting", "app")
	if err == nil || !strings.Contains(err.Error(), `"Shouting"`) || !strings.Contains(err.Error(), untouched) {
		t.Errorf("error %v, want one with the strategy and what is allowed", err)
	}
	if m, err := n.Metric("a.b", "s", translate.Counter); err != nil || m.Name != "app_a_b_seconds_total" {
		t.Errorf("after an error got %+v (error %v), want the default strategy", m, err)
	}
	for _, strategy := range strategies {
		n, err := translate.New(strategy, "__")
		if err == nil || !strings.Contains(err.Error(), `"__"`) {
			t.Errorf("%s: error %v, want one with the namespace", strategy, err)
		}
		if m, err := n.Metric("a", "", translate.Gauge); err != nil || m.Name != "a" {
			t.Errorf("%s: after an error got %+v (error %v), want no namespace", strategy, m, err)
		}
	}
}

func TestKindType(t *testing.T) {
	for kind, want := range map[translate.Kind]model.Type{
		translate.Counter: model.Counter, translate.UpDownCounter: model.Gauge,
		translate.Gauge: model.Gauge, translate.Histogram: model.Histogram,
	} {
		if got := kind.Type(); got != want {
			t.Errorf("kind %d is a %s, want a %s", kind, got, want)
		}
	}
}
