//go:build e2e

package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luxfi/metric/dashboard/browser/fixture"
)

// TestCardinality checks that the view shows sizes and the effects of limits and expiry.
func TestCardinality(t *testing.T) {
	s := commonSite(t)
	eachLook(t, func(t *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=cardinality", "shop_visits_total")
		for _, want := range []string{"limit 20 reached", "overflowed", "expired", "series", "KiB", "Growth"} {
			tb.wait(want, fmt.Sprintf(`shownText().includes(%q)`, want))
		}
		tb.checkWidth()
	})
}

// TestCardinalityValues unfolds a family and a label, and checks that the values with the most series are
// shown.
func TestCardinalityValues(t *testing.T) {
	s := newSite(t, brisk(), fixture.Instruments)
	bothWidths(t, func(_ *testing.T, tb *tab) {
		tb.openLive(s.url+"?view=cardinality&q=shop_http_requests", "shop_http_requests_total")
		tb.openDetails() // unfolds the family
		tb.wait("labels", `shownText(document.querySelector('main')).includes('method')`)
		tb.openDetails() // unfolds its labels
		tb.wait("values of a label", `shownText(document.querySelector('main')).includes('POST')`)
		tb.checkWidth()
		tb.checkAxe("values")
	})
}

// TestGrowth checks that series that are added after the page was opened count as growth.
func TestGrowth(t *testing.T) {
	s := newSite(t, brisk(), fixture.Instruments)
	tb := newTab(t, desktop)
	tb.openLive(s.url+"?view=cardinality", "shop_visits_total")
	fixture.Large(2000)(s.program)
	tb.waitFor("growth", func() error {
		text := tb.text()
		if !strings.Contains(text, "large_000_operations_total") || !strings.Contains(text, "+1,000") {
			return fmt.Errorf("got %.2000s", text)
		}
		return nil
	})
}
