package metric_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/luxfi/metric"
)

// pager is a client that reads only when the test asks it to.
type pager struct {
	*httptest.ResponseRecorder

	read chan struct{}
}

func (p *pager) Write(b []byte) (int, error) {
	<-p.read
	return p.ResponseRecorder.Write(b)
}

// TestUnreadResponses checks the effect of clients that do not read and have no deadline: at most one scrape
// of another client lacks the stream collector, and only the unread answers lack the rest of the stream.
func TestUnreadResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const series = 200_000
		var (
			mu     sync.Mutex
			logged []error
		)
		r := metric.NewContextRegistry()
		r.MustRegister(numberedStream("big", series), counterNamed("small_total"))
		h := metric.HandlerFor(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, ErrorLog: func(err error) {
			mu.Lock()
			defer mu.Unlock()
			logged = append(logged, err)
		}})

		read := make(chan struct{})
		var pagers sync.WaitGroup
		for range 2 {
			pagers.Go(func() {
				h.ServeHTTP(&pager{httptest.NewRecorder(), read}, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			})
		}
		synctest.Wait()
		first := request(h, scrapeTimeout, "1").Body.String()
		if !strings.Contains(first, "\nsmall_total ") {
			t.Errorf("the first scrape lacks what nobody is in the way of: %.200s", first)
		}
		synctest.Wait()
		for range 3 {
			if n := strings.Count(request(h, scrapeTimeout, "1").Body.String(), "\nbig{"); n != series {
				t.Errorf("a later scrape has %d series, want %d", n, series)
			}
		}
		close(read)
		pagers.Wait()
		if len(logged) != 3 {
			t.Fatalf("logged %d errors, want one of the first scrape and of each client that did not read: %v", len(logged), logged)
		}
		for _, err := range logged[1:] {
			if failed, ok := errors.AsType[*metric.GatherError](err); !ok || !strings.Contains(err.Error(), "took so long to read") {
				t.Errorf("a client that did not read is told %v, %v", err, failed)
			}
		}
	})
}
