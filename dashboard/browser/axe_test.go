//go:build e2e

package browser

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// violation is a rule of accessibility that a page breaks.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// checkAxe reports an error for each rule of axe-core that the page breaks.
func (tb *tab) checkAxe(where string) {
	tb.t.Helper()
	source := needAxe(tb.t)
	if !eval[bool](tb, "typeof axe !== 'undefined'") {
		eval[chromedp.Void](tb, source+"\n;void 0")
	}
	for _, v := range eval[[]violation](tb, `axe.run(document, {resultTypes: ['violations']}).then((r) =>
		r.violations.map(({id, help, nodes}) => ({id, help,
			nodes: nodes.slice(0, 5).map(({html, failureSummary}) => ({html: html.slice(0, 300), failureSummary}))})))`) {
		var nodes strings.Builder
		for _, node := range v.Nodes {
			fmt.Fprintf(&nodes, "\n\t%s\n\t\t%s", node.HTML, strings.ReplaceAll(node.Summary, "\n", " "))
		}
		tb.t.Errorf("%s: axe: %s: %s%s", where, v.ID, v.Help, nodes.String())
	}
}
