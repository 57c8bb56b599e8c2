package metric_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
)

// TestVersionsOfOpenMetrics checks that clients get only versions of OpenMetrics that they asked for
// by name, and that the content type has the version of the body.
func TestVersionsOfOpenMetrics(t *testing.T) {
	const (
		om      = "application/openmetrics-text;version="
		text    = string(expfmt.FmtText)
		om1     = string(expfmt.FmtOpenMetrics_1_0_0)
		om2     = string(expfmt.FmtOpenMetrics_2_0_0)
		unknown = expfmt.Format("application/openmetrics-text; version=2.0.0-rc.7; charset=utf-8")
	)
	all := []expfmt.Format{unknown, expfmt.FmtOpenMetrics_2_0_0, expfmt.FmtOpenMetrics_2_0_0_rc, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtText}
	only := []expfmt.Format{expfmt.FmtOpenMetrics_2_0_0}
	for name, test := range map[string]struct {
		offered []expfmt.Format
		accept  string
		want    string // beginning of the content type
	}{
		"by default":               {nil, om + "2.0.0", text},
		"candidate by default":     {nil, om + "2.0.0-rc", text},
		"candidate or 1":           {nil, om + "2.0.0-rc," + om + "1.0.0;q=0.5", om1},
		"candidate":                {all, om + "2.0.0-rc", text},
		"2":                        {all, om + "2.0.0", om2 + "; escaping=allow-utf-8"},
		"2 with dots":              {all, om + "2.0.0;escaping=dots", om2 + "; escaping=dots"},
		"2 in capitals":            {all, "Application/OpenMetrics-Text; Version=2.0.0", text}, // expfmt reads it in this way.
		"2 rather than 1":          {all, om + "1.0.0;q=0.9, " + om + "2.0.0", om2},
		"1 rather than 2":          {all, om + "2.0.0;q=0.5, " + om + "1.0.0;q=0.9", om1},
		"2 or anything":            {all, om + "2.0.0;q=0.5, */*;q=0.1", om2},
		"not 2":                    {all, om + "2.0.0;q=0, " + om + "1.0.0;q=0.1", om1},
		"not 2 at all":             {only, om + "2.0.0;q=0", text},
		"anything":                 {all, "*/*", text},
		"any version 2":            {all, "*/*;version=2.0.0", text},
		"any application":          {all, "application/*;version=2.0.0", text},
		"any OpenMetrics":          {all, "application/openmetrics-text", text},
		"nothing":                  {all, "", text},
		"nothing but 2":            {only, om + "2.0.0", om2},
		"nothing but 2 for others": {only, om + "1.0.0", text},
		"nothing but 2 for all":    {only, "*/*", text},
		"unknown":                  {all, om + "2.0.0-rc.7", text},
		"unknown or 1":             {all, om + "2.0.0-rc.7," + om + "1.0.0;q=0.5", om1},
		"nothing but unknown":      {[]expfmt.Format{unknown}, om + "2.0.0-rc.7", text},
		"nothing else for anybody": {[]expfmt.Format{unknown}, "*/*", text},
	} {
		t.Run(name, func(t *testing.T) {
			opts := metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true, AcceptedFormats: test.offered}
			w := request(metric.HandlerForContext(oneCounter(), opts), "Accept", test.accept)
			if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			// The start time of a counter is in the line of its sample in version 2, and in a line of
			// its own in version 1.
			body := w.Body.String()
			if is2 := strings.Contains(test.want, "version=2"); is2 != strings.Contains(body, " st@") {
				t.Errorf("got\n%s", body)
			}
			if is1 := strings.Contains(test.want, "version=1"); is1 != strings.Contains(body, "_created ") {
				t.Errorf("got\n%s", body)
			}
		})
	}
}

// TestCompression checks that answers are compressed as the client and the options of the handler
// ask.
func TestCompression(t *testing.T) {
	for _, tc := range []struct {
		accept, want string
		opts         metric.HandlerOpts
	}{
		{accept: "", want: ""},
		{accept: "gzip", want: "gzip"},
		{accept: "zstd", want: "zstd"},
		{accept: "gzip, zstd", want: "gzip"},
		{accept: "gzip;q=0.5, zstd;q=0.8", want: "zstd"},
		{accept: "gzip;q=0", want: ""},
		{accept: "gzip;q=nonsense", want: ""},
		{accept: "br", want: ""},
		{accept: "identity, gzip", want: ""},
		{accept: "*", want: ""},
		{accept: "GZIP", want: "gzip"},
		{accept: "gzip", opts: metric.HandlerOpts{DisableCompression: true}, want: ""},
		{accept: "gzip, zstd", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd, metric.Gzip}}, want: "zstd"},
		{accept: "gzip", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{metric.Zstd}}, want: ""},
		{accept: "br", opts: metric.HandlerOpts{OfferedCompressions: []metric.Compression{"br"}}, want: ""},
	} {
		t.Run(fmt.Sprintf("%s %v", tc.accept, tc.opts.OfferedCompressions), func(t *testing.T) {
			w := request(metric.HandlerForContext(oneCounter(), tc.opts), "Accept-Encoding", tc.accept)
			encoding, present := w.Header()["Content-Encoding"]
			if (tc.want == "") == present || present && encoding[0] != tc.want {
				t.Errorf("got Content-Encoding %q, want %q", encoding, tc.want)
			}
			if got := decompress(t, w); got != oneCounterText {
				t.Errorf("got\n%s", got)
			}
			wantVary := []string{"Accept", "Accept-Encoding"}
			if tc.opts.DisableCompression {
				wantVary = wantVary[:1]
			}
			if vary := w.Header().Values("Vary"); !slices.Equal(vary, wantVary) {
				t.Errorf("got Vary %q, want %q", vary, wantVary)
			}
		})
	}
}

// TestFormats checks format, version and escaping of the answer to each Accept header.
func TestFormats(t *testing.T) {
	const openMetrics = "# HELP requests Requests.\n# TYPE requests counter\nrequests_total 3.0\n# EOF\n"
	for _, tc := range []struct {
		accept      string
		contentType string
		body        string
		opts        metric.HandlerOpts
	}{
		{"", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"text/plain;version=0.0.4;escaping=allow-utf-8", "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8", oneCounterText, metric.HandlerOpts{}},
		{"application/openmetrics-text", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"text/plain;q=0.1,application/openmetrics-text;version=1.0.0;q=0.9", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores", openMetrics, metric.HandlerOpts{EnableOpenMetrics: true}},
		{"image/png", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{}},
		{"*/*", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", oneCounterText, metric.HandlerOpts{AcceptedFormats: []expfmt.Format{expfmt.FmtText}}},
	} {
		t.Run(tc.accept, func(t *testing.T) {
			w := request(metric.HandlerForContext(oneCounter(), tc.opts), "Accept", tc.accept)
			if got := w.Header().Get("Content-Type"); got != tc.contentType {
				t.Errorf("got Content-Type %q, want %q", got, tc.contentType)
			}
			if got := w.Body.String(); got != tc.body {
				t.Errorf("got\n%s\nwant\n%s", got, tc.body)
			}
		})
	}
	t.Run("those of expfmt alone", func(t *testing.T) {
		for _, format := range []expfmt.FormatType{expfmt.TypeProtoText, expfmt.TypeProtoCompact, expfmt.TypeProtoDelim} {
			f := expfmt.NewFormat(format)
			w := request(metric.HandlerForContext(oneCounter(), metric.HandlerOpts{AcceptedFormats: []expfmt.Format{f}}), "Accept", string(f))
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "requests_total") {
				t.Errorf("%s: got status %d and %q", f, w.Code, w.Body)
			}
		}
	})
	t.Run("escaping", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "a.b", Help: "h"}))
		for escaping, want := range map[string]string{
			"allow-utf-8": `{"a.b"} 0`, "underscores": "a_b 0", "dots": "a_dot_b 0", "values": "U__a_2e_b 0",
		} {
			w := request(metric.HandlerFor(r), "Accept", "text/plain;version=0.0.4;escaping="+escaping)
			if !strings.Contains(w.Body.String(), "\n"+want+"\n") {
				t.Errorf("%s: got\n%s", escaping, w.Body)
			}
		}
	})
}
