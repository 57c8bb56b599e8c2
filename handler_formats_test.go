package metric_test

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// TestVersionsOfOpenMetrics checks that nobody is answered with a version of OpenMetrics that
// was not asked for, nor with one version under the name of another.
func TestVersionsOfOpenMetrics(t *testing.T) {
	const (
		om        = "application/openmetrics-text;version="
		text      = string(expfmt.FmtText)
		candidate = string(expfmt.FmtOpenMetrics_2_0_0_rc)
		unknown   = expfmt.Format("application/openmetrics-text; version=2.0.0-rc.7; charset=utf-8")
	)
	all := []expfmt.Format{unknown, expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtOpenMetrics_2_0_0_rc, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtText}
	for name, test := range map[string]struct {
		offered []expfmt.Format
		accept  string
		want    string // The beginning of the content type.
	}{
		"candidate by default":     {nil, om + "2.0.0-rc", text},
		"candidate or 1":           {nil, om + "2.0.0-rc," + om + "1.0.0;q=0.5", string(expfmt.FmtOpenMetrics_1_0_0)},
		"candidate":                {all, om + "2.0.0-rc", candidate},
		"2":                        {all, om + "2.0.0", string(expfmt.FmtOpenMetrics_2_0_0)},
		"unknown":                  {all, om + "2.0.0-rc.7", text},
		"unknown or candidate":     {all, om + "2.0.0-rc.7," + om + "2.0.0-rc;q=0.5", candidate},
		"nothing but unknown":      {[]expfmt.Format{unknown}, om + "2.0.0-rc.7", text},
		"nothing else for anybody": {[]expfmt.Format{unknown}, "*/*", text},
	} {
		t.Run(name, func(t *testing.T) {
			opts := metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true, AcceptedFormats: test.offered}
			w := request(metric.HandlerForContext(oneCounter(), opts), "Accept", test.accept)
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			// A counter has its start time in the line of its sample in version 2, and in one
			// of its own in version 1.
			body := w.Body.String()
			if is2 := strings.Contains(test.want, "version=2"); is2 != strings.Contains(body, " st@") {
				t.Errorf("got\n%s", body)
			}
		})
	}
}
