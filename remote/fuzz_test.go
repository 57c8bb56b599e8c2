package remote_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// FuzzResponse checks that a target either serves a whole response or returns an error. Gathering from the
// served page must yield the same metrics. An error must have a limited size and name the target.
func FuzzResponse(f *testing.F) {
	const text = "text/plain; version=0.0.4"
	protobuf, body := protobufPage(2)
	for _, seed := range []struct {
		status                int
		contentType, encoding string
		body                  string
	}{
		{200, text, "", "# HELP a A.\n# TYPE a counter\na{b=\"c\"} 1 5\n"},
		{200, text, "gzip", string(gzipped([]byte("a 1\n")))},
		{200, text, "zstd", string(zstandard([]byte("a 1\n")))},
		{200, "application/openmetrics-text; version=1.0.0", "", "# TYPE a counter\na_total 1 # {t=\"x\"} 1\na_created 3\n# EOF\n"},
		{200, text, "", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"},
		{200, text, "", "b 1\na 1\nb{x=\"y\"} 2\na 1\n"},
		{200, protobuf, "", body},
		{500, "text/html", "", "<html>"},
		{508, text, "", "loop"},
		{302, text, "", ""},
	} {
		f.Add(seed.status, seed.contentType, seed.encoding, seed.body)
	}
	f.Fuzz(func(t *testing.T, status int, contentType, encoding, body string) {
		response := func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}}, ContentLength: -1,
				Body: io.NopCloser(strings.NewReader(body)), Request: r,
			}, nil
		}
		opts := remote.Opts{MaxBytes: 64 << 10, MaxSeries: 1000, Client: &http.Client{Transport: roundTripper(response)}}
		target, err := remote.New("http://origin/metrics", opts)
		if err != nil {
			t.Fatal(err)
		}
		reg := metric.NewContextRegistry()
		reg.MustRegister(target)
		mfs, err := target.Gather()
		if err != nil {
			if text := err.Error(); !strings.Contains(text, "http://origin/metrics") || len(text) > 100_000 {
				t.Errorf("an error of %d bytes: %.500s", len(text), text)
			}
			return
		}
		if status != http.StatusOK {
			t.Errorf("status %d is served: %v", status, mfs)
		}
		// A second process serves the same metrics.
		again, err := newNowhereWith(serveProtobuf(reg)).Gather()
		if err != nil {
			t.Errorf("what is served cannot be gathered: %v", err)
			return
		}
		compare(t, again, mfs)
	})
}
