package dashboard

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/luxfi/metric/dashboard/internal/api"
)

// TestText checks the complete text.
func TestText(t *testing.T) {
	now := at(100)
	c := &api.Collectors{
		Rows: []api.Collector{
			{Name: "go", State: api.OK, Group: api.GroupCollector, Series: 34, LastStart: millis(at(98)), LastEnded: 1, DurationMs: 1.26, DeadlineMs: 9500},
			{Name: "requests_total", State: api.OK, Group: api.GroupInstrument, Series: 12},
			{
				Name: "sales", State: api.Failed, Problem: true, Group: api.GroupCollector, Since: millis(at(40)), LastStart: millis(at(95)), LastEnded: 1, DurationMs: 1200,
				DeadlineMs: 3000, Series: 5, KeptSince: millis(at(30)), Failures: 12, Error: "the database " + strings.Repeat("does not answer ", 10), Policies: []string{"cache 2s", "stale 1m0s"},
			},
			{Name: "push/gateway", State: api.Waiting, Group: api.GroupPush, Policies: []string{"every 15s", strings.Repeat("x", 99)}},
			{Name: strings.Repeat("é", 60), State: api.Stuck, Problem: true, Group: api.GroupTarget, Since: millis(at(99)), Error: strings.Repeat("é", 230)},
		},
		Instruments: api.Instruments{Count: 1, Series: 12},
	}
	var got bytes.Buffer
	writeText(&got, c, now)
	want := `Problems: 2 of 4 collectors. Instruments: 1 with 12 series. As of 2023-11-14T22:15:00Z.

STUCK ` + strings.Repeat("é", 60) + `
  since 1.0 s ago
  ` + strings.Repeat("é", 98) + `
  ` + strings.Repeat("é", 98) + `
  ` + strings.Repeat("é", 34) + `

FAILED sales
  since 60 s ago, last run 5.0 s ago, took 1.2 s of 3.0 s, 5 series, has a result of 70 s ago, 12
  failures
  the database does not answer does not answer does not answer does not answer does not answer does
  not answer does not answer does not answer does not answer does not answer
  cache 2s; stale 1m0s

STATE     COLLECTOR                              TOOK       OF    SERIES  LAST RUN     POLICIES
ok        go                                   1.3 ms    9.5 s        34  2.0 s ago
waiting   push/gateway                                                                 every 15s; x…
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

// TestTextWidth checks that no line is too long, even if names are long.
func TestTextWidth(t *testing.T) {
	long := strings.Repeat("nämé", 500)
	row := api.Collector{
		Name: long, State: api.HalfOpen, Problem: true, Error: long + " " + long, Policies: []string{long}, Since: 1, LastStart: 1, LastEnded: 1, DurationMs: 1e12, DeadlineMs: 1e12,
		Series: math.MaxInt32, Running: math.MaxInt32, Failures: 1 << 60, Panics: 1 << 60, Timeouts: 1 << 60, Dropped: 1 << 60, KeptSince: 1, Breaker: long,
	}
	fine := row
	fine.State, fine.Problem = api.Running, false
	for name, rows := range map[string][]api.Collector{"none": nil, "all": {row, fine}} {
		var got bytes.Buffer
		writeText(&got, &api.Collectors{Rows: rows}, at(100))
		for line := range strings.Lines(got.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > textWidth {
				t.Errorf("%s: a line has %d columns: %s", name, n, line)
			}
		}
	}
}

// deaf is the writer of a client that has disconnected.
type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestTextForNobody checks that writeText returns if the client has disconnected.
func TestTextForNobody(*testing.T) {
	writeText(deaf{}, &api.Collectors{Rows: make([]api.Collector, 10_000)}, at(0)) // must return
}

func TestReadable(t *testing.T) {
	for ms, want := range map[float64]string{
		0: "0 µs", 0.0123: "12 µs", 1.26: "1.3 ms", 12.6: "12 ms", 999: "999 ms", 1500: "1.5 s", 42_000: "42 s",
		125_000: "2 min", 3 * 3600_000: "3 h", 72 * 3600_000: "3 d", -5: "0 µs",
	} {
		if got := readable(ms); got != want {
			t.Errorf("readable(%v) = %q, want %q", ms, got, want)
		}
	}
}
