package gometrics_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	metrics "github.com/hashicorp/go-metrics"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gometrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func expose(t testing.TB, g metric.Gatherer) string {
	t.Helper()
	w := httptest.NewRecorder()
	metric.HandlerFor(g).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// samples returns the exposition of g without comments.
func samples(t testing.TB, g metric.Gatherer) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(expose(t, g)) {
		if !strings.HasPrefix(line, "#") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func wantText(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func golden(t testing.TB, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, got, string(want))
}

// failures collects errors.
type failures struct {
	mu   sync.Mutex
	list []string
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, err.Error())
}

func newSink(t testing.TB, opts ...gometrics.Option) (*gometrics.Sink, *metric.Registry) {
	t.Helper()
	r := metric.NewRegistry()
	s, err := gometrics.NewSink(r, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func key(parts ...string) []string { return parts }

// labels returns labels for alternating names and values.
func labels(pairs ...string) (list []metrics.Label) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, metrics.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}
