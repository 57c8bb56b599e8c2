package bench_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	api "go.opentelemetry.io/otel/metric"
)

// scrapeText returns the lines of samples in the answer to a scrape, except for target_info.
func scrapeText(e *exposition) map[string]bool {
	w := httptest.NewRecorder()
	e.handler.ServeHTTP(w, must(newRequest(text, "http://localhost/metrics")))
	lines := make(map[string]bool)
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "target_info") {
			// OpenTelemetry's exporter writes empty labels.
			line = strings.NewReplacer(`,otel_scope_schema_url=""`, "", `,otel_scope_version=""`, "").Replace(line)
			lines[line] = true
		}
	}
	return lines
}

// TestSameMeasurements checks that all implementations of OpenTelemetry's API expose the same samples after the
// same work.
func TestSameMeasurements(t *testing.T) {
	works := make(map[string]func(m api.Meter))
	for _, attributes := range []string{readySet, madeAttributes, unsafeAttributes, noAttributes} {
		works[attributes] = func(m api.Meter) {
			adding(sampledSpan(), m, attributes, httpSeries(10))(100, 1)
			recording(sampledSpan(), m, attributes, httpSeries(10))(100, 1)
		}
	}
	for _, k := range httpKinds {
		works[k.kind] = func(m api.Meter) { k.fill(m, httpSeries(100)) }
	}
	for name, work := range works {
		t.Run(name, func(t *testing.T) {
			var first map[string]bool
			for _, p := range meterPeers {
				m, e := p.make()
				work(m)
				lines := scrapeText(&e)
				if len(lines) == 0 {
					t.Fatalf("%s exposes nothing", p.peer)
				}
				if first == nil {
					first = lines
					continue
				}
				for line := range lines {
					if !first[line] {
						t.Errorf("%s: only %s has it", line, p.peer)
					}
				}
				if len(lines) != len(first) {
					t.Errorf("%d and %d samples", len(first), len(lines))
				}
			}
		})
	}
}
