package metric_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"
)

const (
	// chaosTimeout is the maximum duration of a scrape.
	chaosTimeout = 1500 * time.Millisecond
	// chaosMargin is wide because the test overloads the machine.
	chaosMargin = 20 * time.Second
)

// chaosRequest describes one scrape by a client.
type chaosRequest struct {
	server     int
	header     string // announced scrape timeout, as Prometheus sends it
	accept     string
	encoding   string
	query      string
	disconnect time.Duration // time after which the client disconnects; 0 if it stays
	slow       bool          // whether the client reads only a little at a time
}

func randomRequest(random *rand.Rand, servers int) chaosRequest {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	r := chaosRequest{
		server: random.IntN(servers),
		header: pick("0.01", "0.1", "0.1", "0.2", "0.2", "0.3", "0.5", "0.5", "2", "1e300", "", []string{"-1", "0", "NaN", "Inf", "soon"}[random.IntN(5)]),
		accept: pick("", "text/plain", "text/plain;version=1.0.0;escaping=allow-utf-8", "application/openmetrics-text;version=1.0.0",
			"application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=1.0.0;escaping=underscores",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"),
		encoding: pick("identity", "gzip", "zstd", "zstd, gzip;q=0.5"),
		slow:     random.IntN(10) == 0,
	}
	switch random.IntN(8) {
	case 0:
		r.query = "?" + pick("collect[]=bad_1&collect[]=bad_2", "exclude[]=churn_1_1", "collect[]=nobody", "collect[]=bad_1&exclude[]=bad_2",
			"name[]=plain_bad_3", "name[]="+strings.Repeat("x", 2000), "%")
	case 1, 2:
		r.disconnect = time.Duration(1+random.IntN(200)) * time.Millisecond
	}
	return r
}

// timeout returns the maximum duration of the scrape.
func (r chaosRequest) timeout() time.Duration {
	if d, err := time.ParseDuration(r.header + "s"); err == nil && d > 0 {
		return min(d, chaosTimeout)
	}
	return chaosTimeout
}

// scrapeUntil scrapes repeatedly until ctx ends.
func (c *chaos) scrapeUntil(ctx context.Context, servers []*httptest.Server, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		r := randomRequest(random, len(servers))
		c.scrapes.Add(1)
		if err := c.scrape(client, servers[r.server].URL, r); err != nil {
			c.t.Errorf("%+v: %v", r, err)
		}
	}
}

// scrape makes one request and checks the response.
func (c *chaos) scrape(client *http.Client, address string, r chaosRequest) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.disconnect > 0 {
		timer := time.AfterFunc(r.disconnect, cancel)
		defer timer.Stop()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+strings.ReplaceAll(r.query, "[]", url.QueryEscape("[]")), http.NoBody)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"X-Prometheus-Scrape-Timeout-Seconds": r.header, "Accept": r.accept, "Accept-Encoding": r.encoding,
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	start := time.Now()
	response, err := client.Do(request)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := readBody(response, r.slow)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if took := time.Since(start); took > r.timeout()+chaosMargin && !r.slow {
		return fmt.Errorf("it took %v", took)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return c.checkBody(response.Header.Get("Content-Type"), body, r)
	case http.StatusServiceUnavailable:
		if r.server == 3 {
			return nil
		}
	case http.StatusInternalServerError:
		if r.server == 2 && bytes.Contains(body, []byte("error has occurred")) {
			return nil
		}
	case http.StatusBadRequest:
		if r.query != "" {
			return nil
		}
	}
	return fmt.Errorf("status %s, body %.300q", response.Status, body)
}

func readBody(response *http.Response, slow bool) ([]byte, error) {
	var body io.Reader = response.Body
	if slow {
		body = slowReader{body}
	}
	return readCoded(body, response.Header.Get("Content-Encoding"))
}

type slowReader struct{ io.Reader }

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return r.Reader.Read(p[:min(len(p), 500)])
}

// checkBody checks a complete exposition.
func (c *chaos) checkBody(contentType string, body []byte, r chaosRequest) error {
	series, err := seriesOfExposition(contentType, body)
	if err != nil {
		return fmt.Errorf("%w in %s:\n%.5000s", err, contentType, body)
	}
	if r.query != "" {
		return nil
	}
	c.whole.Add(1)
	return c.checkSeries(series, r.server < 4)
}

// checkSeries checks that a complete scrape has all healthy series. The series of instruments must always be
// there, and the series of a collector must be there unless the self-metrics report a failure.
func (c *chaos) checkSeries(series map[string]float64, collectors bool) error {
	for _, name := range []string{"healthy_native_total", "healthy_histogram_count", "healthy_histogram_sum"} {
		if _, ok := series[name]; !ok {
			return fmt.Errorf("there is no %s among %d series", name, len(series))
		}
	}
	count := series["healthy_histogram_count"]
	for name, want := range map[string]float64{
		"healthy_histogram_sum": observed * count, `healthy_histogram_bucket{le="1"}`: 0,
		`healthy_histogram_bucket{le="2"}`: count, `healthy_histogram_bucket{le="3"}`: count, `healthy_histogram_bucket{le="+Inf"}`: count,
	} {
		if got := series[name]; got != want {
			return fmt.Errorf("a torn histogram: %s is %v, but the count is %v", name, got, count)
		}
	}
	if !collectors {
		return nil
	}
	complete := true
	for _, h := range healthyCollectors() {
		success, ok := series[fmt.Sprintf("chaos_scrape_collector_success{collector=%q}", h.name)]
		if !ok {
			return fmt.Errorf("nothing tells how %s did", h.name)
		}
		complete = complete && success == 1
		for i := range 20 {
			name := fmt.Sprintf("%s{series=%q}", h.name, fmt.Sprint(i))
			if _, there := series[name]; !there && success == 1 {
				return fmt.Errorf("a lost healthy series: %s", name)
			}
		}
	}
	if complete {
		c.complete.Add(1)
	}
	return nil
}
