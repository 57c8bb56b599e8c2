//go:build e2e

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// element is an element of a page, as a screen reader presents it.
type element struct {
	role, name, description, value string
	properties                     map[string]string
	id                             cdp.BackendNodeID
}

func (e *element) String() string {
	return fmt.Sprintf("%s %q", e.role, e.name)
}

// elements returns the elements that a screen reader presents, in page order.
func (tb *tab) elements() ([]*element, error) {
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, err
	}
	var found []*element
	for _, node := range tree.Nodes {
		if node.Ignored {
			continue
		}
		e := &element{
			role: axText(node.Role), name: axText(node.Name), description: axText(node.Description), value: axText(node.Value),
			properties: make(map[string]string), id: node.BackendDOMNodeID,
		}
		for _, property := range node.Properties {
			e.properties[string(property.Name)] = axText(property.Value)
		}
		found = append(found, e)
	}
	return found, nil
}

func axText(value *accessibility.Value) string {
	if value == nil || len(value.Value) == 0 {
		return ""
	}
	var text any
	if err := json.Unmarshal(value.Value, &text); err != nil {
		return ""
	}
	return fmt.Sprint(text)
}

// find returns the elements with a role whose names match a regular expression.
func (tb *tab) find(role, name string) ([]*element, error) {
	all, err := tb.elements()
	if err != nil {
		return nil, err
	}
	expr := regexp.MustCompile(name)
	var found, others []*element
	for _, e := range all {
		switch {
		case e.role == role && expr.MatchString(e.name):
			found = append(found, e)
		case e.role == role:
			others = append(others, e)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no %s named %s, but %.1000s", role, name, fmt.Sprint(others))
	}
	return found, nil
}

// element waits for an element with a role whose name matches a regular expression, and returns the first
// one.
func (tb *tab) element(role, name string) *element {
	tb.t.Helper()
	var found []*element
	tb.waitFor(role+" named "+name, func() (err error) {
		found, err = tb.find(role, name)
		return err
	})
	return found[0]
}

// click clicks on an element; see element.
func (tb *tab) click(role, name string) {
	tb.t.Helper()
	tb.waitFor(role+" named "+name, func() error {
		found, err := tb.find(role, name)
		if err != nil {
			return err
		}
		return tb.clickOn(found[0])
	})
}

// aim scrolls to an element, waits until it does not move any longer, and returns the middle of its first
// box. It throws an error if another element covers that point.
const aim = `async function () {
	// A busy browser may not draw frames for tabs in the background.
	const frame = () => new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 100); });
	const place = () => { const {left, top, width, height} = this.getClientRects()[0] ?? {}; return [left + width / 2, top + height / 2]; };
	let before;
	for (let i = 0; i < 20 && String(before) !== String(place()); i++) {
		before = place();
		this.scrollIntoView({block: 'center', behavior: 'instant'});
		await frame();
		await frame();
	}
	const [x, y] = place(), hit = document.elementFromPoint(x, y);
	if (!this.contains(hit) && !hit?.contains(this)) throw new Error('it is covered by ' + hit?.outerHTML.slice(0, 200));
	return [x, y];
}`

// clickOn clicks on the middle of an element.
func (tb *tab) clickOn(e *element) error {
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	node, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e.id})
	if err != nil {
		return fmt.Errorf("finding %v: %w", e, err)
	}
	at, err := chromedp.Run(ctx, chromedp.CallFunctionOn[[]float64](aim, func(p *runtime.CallFunctionOnParams) {
		await := true
		p.ObjectID, p.AwaitPromise = node.Object.ObjectID, &await
	}))
	if err != nil {
		return fmt.Errorf("aiming at %v: %w", e, err)
	}
	return chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1]))
}

// focused returns the element that has the focus.
func (tb *tab) focused() *element {
	tb.t.Helper()
	all, err := tb.elements()
	tb.must(err, "reading the elements")
	for _, e := range all {
		if e.properties["focused"] == "true" && e.role != "RootWebArea" {
			return e
		}
	}
	return &element{role: "none"}
}

// typeInto replaces the text in a field.
func (tb *tab) typeInto(role, name, text string) {
	tb.t.Helper()
	tb.click(role, name)
	eval[chromedp.Void](tb, `document.activeElement.select?.()`)
	tb.keys("\b" + text)
}
