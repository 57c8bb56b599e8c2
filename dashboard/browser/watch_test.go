//go:build e2e

package browser

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// violations logs violations of the Content-Security-Policy.
const violations = `addEventListener('securitypolicyviolation', (e) =>
	console.error('policy violation:', e.violatedDirective, e.blockedURI, e.sample, e.sourceFile, e.lineNumber))`

// shownText defines a function that returns the text that an element shows. Unlike innerText, it includes
// content outside of the window, which the browser may render later (content-visibility). White space, also
// between elements, becomes a single space.
const shownText = `function shownText(root = document.body) {
	const parts = [], walker = document.createTreeWalker(root ?? document.body, NodeFilter.SHOW_TEXT);
	while (root && walker.nextNode()) {
		const el = walker.currentNode.parentElement;
		if (el.closest('script,style') || !el.checkVisibility({visibilityProperty: true})) continue;
		parts.push(walker.currentNode.data);
	}
	return parts.join(' ').replace(/\s+/g, ' ');
}`

// faults are the errors in a tab.
type faults struct {
	mu       sync.Mutex
	texts    []string
	expected []string // parts of texts that do not count as faults
}

func (f *faults) add(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.ContainsFunc(f.expected, func(part string) bool { return strings.Contains(text, part) }) {
		f.texts = append(f.texts, text)
	}
}

// expect makes f ignore texts that contain part from now on.
func (f *faults) expect(part string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expected = append(f.expected, part)
}

// take returns the faults and forgets them.
func (f *faults) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	texts := f.texts
	f.texts = nil
	return texts
}

// watch records faults of the pages in the tab: errors on the console, exceptions, violations of the
// Content-Security-Policy, failed requests, and dialogs.
func (tb *tab) watch() {
	tb.t.Helper()
	dialogs := make(chan string, 100)
	tb.must(chromedp.Listen(tb.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == "error" || e.Type == "assert" {
				tb.faults.add("console: %s", consoleText(e.Args))
			}
		case *runtime.EventExceptionThrown:
			tb.faults.add("exception: %s", exceptionText(e.ExceptionDetails))
		case *log.EventEntryAdded:
			if e.Entry.Level == "error" {
				tb.faults.add("log: %s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
			}
		case *network.EventResponseReceived:
			if e.Response.Status >= 400 {
				tb.faults.add("request: %s: status %d", e.Response.URL, e.Response.Status)
			}
		case *network.EventLoadingFailed:
			if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
				tb.faults.add("request: %s: %s", e.Type, e.ErrorText)
			}
		case *page.EventJavascriptDialogOpening:
			tb.faults.add("dialog: %s", e.Message)
			select {
			case dialogs <- e.Message:
			default:
			}
		}
	}), "listening")
	go func() {
		for {
			select {
			case <-tb.ctx.Done():
				return
			case <-dialogs:
				_, _ = chromedp.Call(tb.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
			}
		}
	}()
	_, enabled := chromedp.Call(tb.ctx, log.Enable, cdp.Empty{})
	tb.must(enabled, "watching the log")
	tb.addScript(violations)
	tb.addScript(shownText)
}

func consoleText(args []*runtime.RemoteObject) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if words[i] = arg.Description; words[i] == "" {
			words[i] = strings.Trim(string(arg.Value), `"`)
		}
	}
	return strings.Join(words, " ")
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}
