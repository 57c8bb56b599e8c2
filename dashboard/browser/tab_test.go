//go:build e2e

package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/luxfi/metric/dashboard/browser/chromium"
)

// maxWait is how long a page may take for anything. It is long because machines are busy at times.
const maxWait = 30 * time.Second

var (
	desktop = chromium.Look{Width: 1440, Height: 900}
	phone   = chromium.Look{Width: 390, Height: 844}
)

// tab is a tab of the browser with its own cookies and storage. A test fails if anything goes wrong in its
// tab; see watch.
type tab struct {
	t      *testing.T
	ctx    context.Context
	look   chromium.Look
	faults faults
}

// newTab opens an empty tab.
func newTab(t *testing.T, look chromium.Look) *tab {
	t.Helper()
	return newTabOf(needBrowser(t), t, look)
}

// newTabOf opens an empty tab of a browser.
func newTabOf(browser context.Context, t *testing.T, look chromium.Look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	tb := &tab{t: t, ctx: ctx, look: look}
	t.Cleanup(cancel)
	tb.watch()
	tb.must(chromium.Emulate(ctx, look), "emulating %+v", look)
	t.Cleanup(tb.finish)
	return tb
}

// finish reports the faults of the tab, and takes a picture of it if the test has failed.
func (tb *tab) finish() {
	for _, fault := range tb.faults.take() {
		tb.t.Error(fault)
	}
	if tb.t.Failed() {
		tb.picture()
	}
}

// picture writes a screenshot and logs its path.
func (tb *tab) picture() {
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tb.t.Logf("no screenshot: %v", err)
		return
	}
	name := strings.NewReplacer("/", "-", " ", "_").Replace(tb.t.Name())
	file := filepath.Join(shared.pictures, fmt.Sprintf("%s-%d.png", name, time.Now().UnixMilli()))
	if err := os.WriteFile(file, png, 0o600); err != nil {
		tb.t.Logf("no screenshot: %v", err)
		return
	}
	tb.t.Logf("screenshot: %s", file)
}

// must ends the test if err is not nil.
func (tb *tab) must(err error, format string, args ...any) {
	tb.t.Helper()
	if err != nil {
		tb.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// open opens a page and waits until it is loaded.
func (tb *tab) open(url string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	tb.must(chromedp.Do(ctx, chromedp.Navigate(url)), "opening %s", url)
}

// reload reloads the page.
func (tb *tab) reload() {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	tb.must(chromedp.Do(ctx, chromedp.Reload()), "reloading")
}

// eval returns the value of an expression. If that is a promise, eval waits for its result.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	value, err := tryEval[T](tb, expression)
	tb.must(err, "evaluating %.300s", expression)
	return value
}

func tryEval[T any](tb *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// wait waits until condition, a JavaScript expression, is true. what describes the condition.
func (tb *tab) wait(what, condition string) {
	tb.t.Helper()
	tb.waitFor(what, func() error {
		ok, err := tryEval[bool](tb, "Promise.resolve("+condition+").then(Boolean)")
		if err == nil && !ok {
			err = fmt.Errorf("not true: %s", condition)
		}
		return err
	})
}

// waitFor waits until check returns nil.
func (tb *tab) waitFor(what string, check func() error) {
	tb.t.Helper()
	for deadline := time.Now().Add(maxWait); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.t.Fatalf("after %v, the page has no %s: %v", maxWait, what, err)
		}
	}
}

// waitText waits until the page shows a text.
func (tb *tab) waitText(text string) {
	tb.t.Helper()
	tb.wait("text "+text, fmt.Sprintf("shownText().includes(%q)", text))
}

// text returns the text that the page shows.
func (tb *tab) text() string {
	tb.t.Helper()
	return eval[string](tb, "shownText()")
}

// keys presses keys, one after the other. Unlike chromedp.KeyEvent, it sends a key and its character as one
// event, as a keyboard does, so that a page that handles the key can prevent the character.
func (tb *tab) keys(keys string) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, maxWait)
	defer cancel()
	for _, key := range keys {
		events := kb.Encode(key)
		down, up := *events[0], *events[len(events)-1]
		if len(events) == 3 {
			down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, events[1].Text, events[1].UnmodifiedText
		}
		for _, event := range []input.DispatchKeyEventParams{down, up} {
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, event)
			tb.must(err, "pressing %q of %q", key, keys)
		}
	}
}

// checkWidth reports an error if the page is wider than its window.
func (tb *tab) checkWidth() {
	tb.t.Helper()
	width := eval[int64](tb, "document.documentElement.scrollWidth")
	if width <= tb.look.Width {
		return
	}
	widest := eval[string](tb, fmt.Sprintf(`[...document.querySelectorAll('body *')]
		.filter((e) => e.getBoundingClientRect().right > %d + 1)
		.slice(0, 5).map((e) => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60)).join('\n')`, tb.look.Width))
	tb.t.Errorf("the page is %d pixels wide in a window of %d; beyond it are\n%s", width, tb.look.Width, widest)
}

// addScript adds a script that runs before the scripts of each page that the tab opens.
func (tb *tab) addScript(source string) {
	tb.t.Helper()
	_, err := chromedp.Call(tb.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: source})
	tb.must(err, "adding a script")
}
