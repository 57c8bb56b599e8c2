//go:build e2e

package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/api"
)

// TestProblemsFirst checks that the page shows the number of problems and the worst of them without
// scrolling.
func TestProblemsFirst(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url, "panicking")
		tb.wait("stuck collector", `shownText().includes('Stuck for')`)
		top := eval[float64](tb, `document.querySelector('.problem').getBoundingClientRect().top`)
		if top > 400 {
			t.Errorf("the first problem is %v pixels down the page", top)
		}
		names := eval[[]string](tb, `[...document.querySelectorAll('main h3, main .row-name')].map((e) => e.textContent)`)
		order := func(name string) int { return slices.Index(names, name) }
		if order("stuck") < 0 || order("stuck") > order("failing") || order("failing") < 0 || order("failing") > order("good") {
			t.Errorf("the collectors are not sorted: %q", names)
		}
		for _, name := range []string{"stuck", "late", "failing", "verbose", "panicking", "resting"} {
			if !eval[bool](tb, fmt.Sprintf(`[...document.querySelectorAll('.problem-name')].some((e) => e.textContent === %q)`, name)) {
				t.Errorf("%s is not among the problems", name)
			}
		}
		if problems := tb.element("link", `[0-9]+ problems`); problems == nil {
			t.Error("the head of the page does not say how many problems there are")
		}
	})
}

// TestCollectorFacts checks that the page shows all facts about collectors.
func TestCollectorFacts(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "panicking")
	for _, want := range []string{
		"Stuck for", "Breaker open for", "connection refused", "index out of range", "of 200 ms", // the deadline of a stuck run
		"stale 1h", "timeout 2s", "breaker 2", "Runs every 2 s", "Result from", "database: ", "Panics", "Timeouts",
		"push/archive", "push/gateway", "403 Forbidden",
	} {
		tb.wait(want, fmt.Sprintf(`shownText().toLowerCase().includes(%q.toLowerCase())`, want))
	}
	if target := "sidecars"; !strings.Contains(tb.text(), target) {
		t.Errorf("the page lacks the target %s", target)
	}
}

// TestWholeError unfolds an error with more than one line.
func TestWholeError(t *testing.T) {
	s := commonSite(t)
	bothWidths(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=collectors&q=verbose", "the report has 40 problems")
		if strings.Contains(tb.text(), "row 17") && tb.look.Width < 600 {
			t.Log("the short error shows rows")
		}
		visible := `[...document.querySelectorAll('.problem pre')].some((e) => e.checkVisibility() && e.textContent.includes('row 17'))`
		if eval[bool](tb, visible) {
			t.Error("the whole error is shown before a click")
		}
		tb.click("DisclosureTriangle", "^Full text$")
		tb.wait("whole error", visible)
		tb.checkWidth()
		// It must stay open while the page is updated.
		tb.waitTicks(2)
		if !eval[bool](tb, visible) {
			t.Error("an update has folded the error")
		}
	})
}

// TestInstrumentsAreFolded checks that a click unfolds the rows of instruments.
func TestInstrumentsAreFolded(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, phone)
	tb.openLive(s.url, "panicking")
	shown := `[...document.querySelectorAll('main *')].some((e) => e.children.length === 0 && e.checkVisibility() && e.textContent === 'shop_http_requests_total')`
	if eval[bool](tb, shown) {
		t.Error("the instruments are not folded")
	}
	tb.click("DisclosureTriangle", "^Instruments")
	tb.wait("instruments", shown)
	tb.checkWidth()
	tb.checkAxe("with instruments")
}

// TestCollectLinks checks the link to the metrics of one collector.
func TestCollectLinks(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "panicking")
	tb.wait("link", `document.querySelector('[aria-label="Metrics of good"]')`)
	href := eval[string](tb, `document.querySelector('[aria-label="Metrics of good"]').href`)
	if !strings.Contains(href, "collect[]=good") && !strings.Contains(href, "collect%5B%5D=good") {
		t.Errorf("the link goes to %s", href)
	}
	status, body := fetch(t, href, nil)
	if status != http.StatusOK || !strings.Contains(body, "shop_good_value{") || strings.Contains(body, "shop_cached_value{") {
		t.Errorf("%s: status %d:\n%.500s", href, status, body)
	}
}

// TestSameAsJSONAndText compares the page with the answers for other clients than browsers.
func TestSameAsJSONAndText(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "panicking")
	page := tb.text()
	text := eval[string](tb, `fetch(document.querySelector('a[href$="collectors.txt"]').href).then((r) => r.text())`)
	all := eval[api.Collectors](tb, `fetch(document.querySelector('a[href$="api/collectors"]').href).then((r) => r.json())`)
	if len(all.Rows) < 20 {
		t.Errorf("the JSON has %d rows", len(all.Rows))
	}
	for _, row := range all.Rows {
		if row.Group == api.GroupInstrument || len(row.Name) > 60 || strings.Contains(row.Name, "<") {
			continue
		}
		if !strings.Contains(page, row.Name) {
			t.Errorf("the page lacks %s", row.Name)
		}
		if !strings.Contains(text, row.Name) {
			t.Errorf("the text lacks %s", row.Name)
		}
	}
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 100 {
			t.Errorf("the text has a line of %d columns: %s", n, line)
		}
	}
	if status, body := fetch(t, s.url, http.Header{"Accept": {"*/*"}}); status != http.StatusOK || !strings.Contains(body, "panicking") || strings.Contains(body, "<html") {
		t.Errorf("a client that is no browser gets status %d:\n%.300s", status, body)
	}
}

// TestFilter checks that the filter shows only the collectors whose names match.
func TestFilter(t *testing.T) {
	s := commonSite(t)
	tb := newTab(t, desktop)
	tb.openLive(s.url, "panicking")
	tb.typeInto("searchbox", "^Filter collectors by name$", "resting")
	tb.wait("only one", `!shownText().includes('panicking')`)
	tb.waitText("resting")
	if q := tb.query().Get("q"); q != "resting" {
		t.Errorf("the URL has the filter %q", q)
	}
}

// waitTicks waits until the page has received n more samples.
func (tb *tab) waitTicks(n int) {
	tb.t.Helper()
	tb.wait(fmt.Sprintf("%d samples", n), fmt.Sprintf(`(async () => {
		const source = new EventSource('api/stream?view=none');
		let left = %d;
		await new Promise((done) => source.addEventListener('tick', () => --left || done()));
		source.close();
		await new Promise((done) => setTimeout(done, 100));
		return true;
	})()`, n))
}
