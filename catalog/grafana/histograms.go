package grafana

import (
	"strconv"

	"github.com/luxfi/metric/catalog"
)

// hasClassic reports whether series of a histogram have, or may have, classic buckets.
func hasClassic(f *catalog.Family) bool { return len(f.Buckets) > 0 || f.NativeSchema == nil }

func hasNative(f *catalog.Family) bool { return f.NativeSchema != nil }

// either returns the expression for the kind of buckets that the family has. If it has both kinds, the
// configuration of Prometheus decides which of them are stored.
func either(f *catalog.Family, native, classic string) string {
	switch {
	case !hasNative(f):
		return classic
	case !hasClassic(f):
		return native
	default:
		return native + " or " + classic
	}
}

// countRate returns the rate of observations by label.
func countRate(f *catalog.Family) string {
	labels := grouped(f)
	return either(f, "histogram_count("+sum(labels, rate(f, ""))+")", sum(labels, rate(f, "_count")))
}

// buckets returns the increase of the buckets per second, or their current counts in a gauge histogram.
func buckets(f *catalog.Family) (native, classic string) {
	if f.Type == catalog.GaugeHistogram {
		return sum(nil, selector(f, "")), sum([]string{"le"}, selector(f, "_bucket"))
	}
	return sum(nil, rate(f, "")), sum([]string{"le"}, rate(f, "_bucket"))
}

func quantilePanel(f *catalog.Family, opts Opts) panel {
	native, classic := buckets(f)
	targets := make([]query, 0, len(opts.Quantiles))
	for _, q := range opts.Quantiles {
		of := func(buckets string) string { return "histogram_quantile(" + number(q) + ", " + buckets + ")" }
		targets = append(targets, target(either(f, of(native), of(classic)), percentile(q)))
	}
	return series(f, "quantiles", unitOf(f).value, targets...)
}

// heatmapPanel returns a heatmap of the buckets.
func heatmapPanel(f *catalog.Family) panel {
	native, classic := buckets(f)
	q := target(either(f, native, classic), "{{le}}")
	q.Format = "heatmap"
	return panel{
		Type: "heatmap", Title: titled(f, "heatmap"), Targets: []query{q},
		FieldConfig: object{"defaults": object{"custom": object{}}, "overrides": []any{}},
		Options: object{
			"calculate": false,
			"color": object{
				"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "exponent": 0.5, "steps": 64, "reverse": false,
			},
			"yAxis":     object{"unit": unitOf(f).value},
			"showValue": "never",
			"legend":    object{"show": true},
			"tooltip":   object{"mode": "single", "yHistogram": false},
			"exemplars": object{"color": "rgba(255,0,255,0.7)"},
		},
	}
}

// summaryPanels returns panels for the quantiles, if the summary has any, and for the average. Quantiles of
// several instances cannot be combined, so each instance has its own lines.
func summaryPanels(f *catalog.Family) []panel {
	labels := grouped(f)
	average := series(f, "average", unitOf(f).value,
		target(sum(labels, rate(f, "_sum"))+" / "+sum(labels, rate(f, "_count")), legend("average", labels...)))
	if len(f.Quantiles) == 0 {
		return []panel{average}
	}
	lines := append([]string{"instance"}, labels...)
	return []panel{
		series(f, "quantiles", unitOf(f).value, target(selector(f, ""), legend("", append(lines, "quantile")...))),
		average,
	}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// percentile returns the common name of a quantile, such as p99.
func percentile(q float64) string { return "p" + strconv.FormatFloat(q*100, 'g', 6, 64) }
