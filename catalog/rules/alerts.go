package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/luxfi/metric/catalog"
	"github.com/luxfi/metric/internal/promql"
)

// targets adds the alerts for targets that cannot be scraped.
func (m *maker) targets() {
	m.target = append(m.target, m.alerting("TargetDown", m.selector("up")+" == 0", 5*time.Minute, "critical",
		"{{ $labels.instance }} of {{ $labels.job }} is down.",
		"Prometheus has not been able to scrape the target for 5 minutes."))
	if m.opts.Job == "" {
		return
	}
	m.target = append(m.target, m.alerting("TargetAbsent", "absent("+m.selector("up")+")", 5*time.Minute, "critical",
		"Prometheus knows no target of "+literal(m.opts.Job)+".",
		"Service discovery has found no target of the job for 5 minutes, or the job has another name."))
}

// alert adds the alerts of a family.
func (m *maker) alert(f *catalog.Family) {
	switch {
	case f.Label("collector") != nil && f.Type == catalog.Gauge && strings.HasSuffix(f.Name, selfMetric+"success"):
		m.collector(strings.TrimSuffix(f.Name, "success"))
	case isSelfMetric(f):
	case f.Type == catalog.Counter && countsFailures(f.Name):
		m.failures(f)
	case f.Type == catalog.Counter || f.Type == catalog.Histogram:
		m.errorRatio(f)
	}
}

// selfMetric is part of the names of a registry's metrics about its collectors.
const selfMetric = "_scrape_collector_"

// isSelfMetric reports whether a family is a registry's metric about its collectors. The alerts of
// collector cover these families.
func isSelfMetric(f *catalog.Family) bool { return strings.Contains(f.Name, selfMetric) }

// collector adds the alerts for the collectors of a registry whose self-metrics begin with prefix. The
// metric for stuck runs may be missing from the catalog, because it appears with the first stuck run.
func (m *maker) collector(prefix string) {
	m.collectors = append(m.collectors,
		m.alerting("CollectorFailing", m.selector(prefix+"success")+" == 0", 10*time.Minute, "warning",
			"Collector {{ $labels.collector }} of {{ $labels.instance }} has given no good result for 10 minutes.",
			"The metrics of this collector are missing or old; all others are served. The log and the status page tell why."),
		m.alerting("CollectorStuck", m.selector(prefix+"stuck_seconds")+" > 300", 0, "critical",
			"Collector {{ $labels.collector }} of {{ $labels.instance }} is stuck for {{ $value | humanizeDuration }}.",
			"A run of the collector ignores that its scrape is over. A goroutine profile shows where it hangs."))
}

// countsFailures reports whether a counter counts only failures, according to its name.
func countsFailures(name string) bool {
	name = strings.TrimSuffix(name, "_total")
	for _, suffix := range []string{"errors", "failures", "failed", "panics"} {
		if before, ok := strings.CutSuffix(name, suffix); ok && (before == "" || strings.HasSuffix(before, "_") || strings.HasSuffix(before, ".")) {
			return true
		}
	}
	return false
}

// failures adds an alert for a counter of failures that keeps increasing.
func (m *maker) failures(f *catalog.Family) {
	expr := "sum by (job, instance) (increase(" + m.selector(f.Name) + "[15m])) > 0"
	m.errors = append(m.errors, m.alerting(camelCase(f.Name)+"Increasing", expr, 15*time.Minute, "warning",
		"{{ $labels.instance }} of {{ $labels.job }} has counted {{ $value | humanize }} in "+literal(f.Name)+" within 15 minutes.",
		described(f, "The counter has increased in every quarter of an hour for at least 15 minutes.")))
}

// errorLabels are labels that by convention distinguish errors from successes, with a matcher for the
// values of errors. The first one applies only to families that also have the label beside, because without
// that it often classifies only errors.
var errorLabels = []struct{ name, beside, operator, values string }{
	{"error_type", "http_response_status_code", "!~", "|4..|canceled|client_gone"},
	{"code", "", "=~", "5..|5xx"},
	{"status_code", "", "=~", "5..|5xx"},
	{"http_status_code", "", "=~", "5..|5xx"},
	{"http_response_status_code", "", "=~", "5..|5xx"},
	{"http.response.status_code", "", "=~", "5..|5xx"},
	{"grpc_code", "", "=~", "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss"},
	{"grpc_status", "", "=~", "UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"},
	{"status", "", "=~", "5..|5xx|(?i:errors?|fail(ed|ures?)?)"},
	{"result", "", "=~", "(?i:errors?|fail(ed|ures?)?)"},
	{"outcome", "", "=~", "(?i:errors?|fail(ed|ures?)?)"},
	{"error", "", "!~", "|0|(?i:false|no|none|nil|ok)"},
}

// errorRatio adds an alert for the share of errors, if a label identifies errors. It adds none for a
// histogram of sizes, because another metric of the same requests has the alert.
func (m *maker) errorRatio(f *catalog.Family) {
	if f.Type == catalog.Histogram && (f.Unit == "bytes" || strings.HasSuffix(f.Name, "_bytes")) {
		return
	}
	for _, l := range errorLabels {
		if label := f.Label(l.name); label == nil || label.Constant || l.beside != "" && f.Label(l.beside) == nil {
			continue
		}
		of := func(matchers ...string) string {
			if f.Type == catalog.Histogram {
				return "(" + m.countRate(f, "job", matchers...) + ")"
			}
			return "sum by (job) (" + m.rate(f.Name, matchers...) + ")"
		}
		expr := of(promql.Match(l.name, l.operator, l.values)) + "\n  /\n" + of() +
			"\n  > " + strconv.FormatFloat(m.opts.ErrorRatio, 'g', -1, 64)
		m.errors = append(m.errors, m.alerting(camelCase(f.Name)+"ErrorRatioHigh", expr, 10*time.Minute, "warning",
			"{{ $value | humanizePercentage }} of "+literal(f.Name)+" of {{ $labels.job }} are errors.",
			described(f, fmt.Sprintf("Errors are those with %s%s%q.", literal(l.name), l.operator, l.values))))
		return
	}
}

// described returns a description with the help of a family.
func described(f *catalog.Family, text string) string {
	help := strings.Join(strings.Fields(limited(f.Help)), " ")
	if help == "" {
		return text
	}
	return text + " Help of the metric: " + literal(help)
}

// limited returns the beginning of a help text.
func limited(s string) string {
	const most = 500
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// literal returns s escaped for the template of an annotation. It escapes single braces, too, because a
// single brace together with the text after it may begin an action.
func literal(s string) string { return strings.ReplaceAll(s, "{", `{{"{"}}`) }

// camelCase returns the name of an alert for a family.
func camelCase(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(promql.Sanitize(strings.TrimSuffix(name, "_total")), "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
