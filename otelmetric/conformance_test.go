package otelmetric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// setting is a configuration of both providers.
type setting struct {
	name      string
	strategy  otlptranslator.TranslationStrategyOption
	noScope   bool
	constant  attribute.Filter
	namespace string
}

// settings returns the settings under which the test runs the program.
func settings() (all []setting) {
	for _, strategy := range []otlptranslator.TranslationStrategyOption{
		otlptranslator.UnderscoreEscapingWithSuffixes, otlptranslator.UnderscoreEscapingWithoutSuffixes,
		otlptranslator.NoUTF8EscapingWithSuffixes, otlptranslator.NoTranslation,
	} {
		for _, s := range []setting{
			{name: "plain"},
			{name: "no scope", noScope: true},
			{name: "constant labels", constant: attribute.NewAllowKeysFilter("service.name", "process.pid", "k8s.pod.uid")},
			{name: "namespace", namespace: "the.shop"},
		} {
			s.name, s.strategy = fmt.Sprintf("%s/%s", strategy, s.name), strategy
			all = append(all, s)
		}
	}
	return all
}

// theirs returns a handler for the program's metrics with OpenTelemetry's SDK and exporter.
func (s *setting) theirs(t *testing.T) http.Handler {
	t.Helper()
	registry := prometheus.NewRegistry()
	options := []otelprometheus.Option{
		otelprometheus.WithRegisterer(registry), otelprometheus.WithTranslationStrategy(s.strategy), otelprometheus.WithNamespace(s.namespace),
	}
	if s.noScope {
		options = append(options, otelprometheus.WithoutScopeInfo())
	}
	if s.constant != nil {
		options = append(options, otelprometheus.WithResourceAsConstantLabels(s.constant))
	}
	exporter, err := otelprometheus.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	runProgram(t, sdk.NewMeterProvider(sdk.WithReader(exporter), sdk.WithResource(programResource()), sdk.WithView(programViews()...),
		sdk.WithCardinalityLimit(seriesLimit)))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, ErrorHandling: promhttp.ContinueOnError})
}

// ours returns a handler for the program's metrics with this package.
func (s *setting) ours(t *testing.T) http.Handler {
	t.Helper()
	registry := metric.NewContextRegistry()
	options := []otelmetric.Option{
		otelmetric.WithTranslationStrategy(s.strategy), otelmetric.WithNamespace(s.namespace), otelmetric.WithResource(programResource()),
		otelmetric.WithView(programViews()...), otelmetric.WithCardinalityLimit(seriesLimit),
		otelmetric.WithErrorHandler(func(err error) { t.Logf("handled: %v", err) }),
	}
	if s.noScope {
		options = append(options, otelmetric.WithoutScopeInfo())
	}
	if s.constant != nil {
		options = append(options, otelmetric.WithResourceAsConstantLabels(s.constant))
	}
	runProgram(t, otelmetric.NewMeterProvider(registry, options...))
	return metric.HandlerFor(registry, metric.HandlerOpts{EnableOpenMetrics: true, ErrorLog: func(err error) { t.Errorf("scrape: %v", err) }})
}

// format is a format of the exposition, and the header Accept for it.
type format struct{ name, accept string }

const (
	formatText        = "text"
	formatOpenMetrics = "OpenMetrics"
	formatProtobuf    = "protobuf"
)

var formats = []format{
	{formatText, "text/plain;version=1.0.0;escaping=allow-utf-8"},
	{formatOpenMetrics, "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"},
	{formatProtobuf, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8"},
}

// scrape returns the body of the handler's response.
func (f format) scrape(t *testing.T, handler http.Handler) string {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept", f.accept)
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	contentType, _, _ := strings.Cut(f.accept, ";")
	if got := response.Header().Get("Content-Type"); response.Code != http.StatusOK || !strings.HasPrefix(got, contentType) {
		t.Fatalf("status %d, content type %q: %.1000s", response.Code, got, response.Body)
	}
	return response.Body.String()
}

func (f format) read(t *testing.T, body string) []fact {
	t.Helper()
	if f.name == formatProtobuf {
		return readProtobuf(t, []byte(body))
	}
	return readText(t, body)
}

// TestConformance runs the program with this package and with OpenTelemetry's SDK and exporter, and
// compares the expositions. They must be the same except for the intended differences. Each of
// these differences must occur.
func TestConformance(t *testing.T) {
	differences := intended()
	occurred := make([]bool, len(differences))
	ran := 0
	for _, s := range settings() {
		t.Run(s.name, func(t *testing.T) {
			ran++
			theirs, ours := s.theirs(t), s.ours(t)
			for _, f := range formats {
				where := &place{setting: s, format: f.name}
				t.Run(f.name, func(t *testing.T) {
					want := adapt(differences, occurred, where, false, f.read(t, f.scrape(t, theirs)))
					got := adapt(differences, occurred, where, true, f.read(t, f.scrape(t, ours)))
					for _, line := range compareFacts(want, got) {
						t.Error(line)
					}
				})
			}
		})
	}
	if ran < len(settings()) {
		return // The flag -run has selected only some subtests.
	}
	for i := range differences {
		if !occurred[i] {
			t.Errorf("this difference does not occur any more: %s", differences[i].reason)
		}
	}
}

// compareFacts returns a line for each fact that only one of the lists contains.
func compareFacts(theirs, ours []fact) (lines []string) {
	counts := make(map[string]int)
	for i := range theirs {
		counts[theirs[i].String()]++
	}
	for i := range ours {
		counts[ours[i].String()]--
	}
	for line, count := range counts {
		if count > 0 {
			lines = append(lines, line+" ← only theirs")
		} else if count < 0 {
			lines = append(lines, line+" ← only ours")
		}
	}
	slices.Sort(lines)
	return lines
}
