package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/luxfi/metric"
)

// attempt is a suggestion for trying the shop: a page to open, a command to run, or both.
type attempt struct {
	Title   string
	Says    string // what to look for
	Link    string // a path, for browsers
	Command string // for a shell; {shop} stands for the shop's URL
}

// attempts are listed in this order by the index and the greeting.
var attempts = []attempt{
	{
		"All metrics",
		"The requests, the orders in the database, the sales report, the warehouse, the Go runtime and the process. " +
			"The warehouse hangs every other time. Then the rest is served after three seconds.",
		"/metrics", "curl -s {shop}/metrics",
	},
	{
		"The dashboard",
		"A live page with the collectors, all metrics with plots, and the last 15 minutes. A client without a browser gets " +
			"the collectors as plain text.",
		"/dashboard/", "curl -s {shop}/dashboard/",
	},
	{
		"The status page",
		"How each collector is doing, with its policies and its last error. It runs no collector, so it never waits.",
		"/status", "curl -s {shop}/status",
	},
	{
		"One collector",
		"No other collector runs.",
		"/metrics?collect[]=orders", "curl -sg '{shop}/metrics?collect[]=orders'",
	},
	{
		"All but one",
		"Without the warehouse, a scrape takes milliseconds.",
		"/metrics?exclude[]=warehouse", "curl -sg '{shop}/metrics?exclude[]=warehouse'",
	},
	{
		"Some families",
		"Only the collectors run that have these families.",
		"/metrics?name[]=shop_orders&name[]=shop_sales_euros",
		"curl -sg '{shop}/metrics?name[]=shop_orders&name[]=shop_sales_euros'",
	},
	{
		"The slow collector",
		"Every other time it hangs for five seconds, which is more than a scrape has. " +
			"Look at its success and its stock, and reload.",
		"/metrics?collect[]=warehouse", "curl -sg '{shop}/metrics?collect[]=warehouse'",
	},
	{
		"The flaky collector",
		"For the last 10 of every 30 seconds there is no sales report. The last one is served with its age, " +
			"success is 0, and the breaker opens after three failures. Reload a few times.",
		"/metrics?collect[]=sales",
		"curl -sg '{shop}/metrics?collect[]=sales' | grep -E 'euros{|success{|age_seconds{|breaker_state{'",
	},
	{
		"A scrape with a short timeout",
		"Prometheus announces its timeout in a header. If the warehouse hangs, everything else is served after a second.",
		"", "curl -s -H 'X-Prometheus-Scrape-Timeout-Seconds: 1' {shop}/metrics | grep ^shop_",
	},
	{
		"OpenMetrics with exemplars",
		"A bucket of request durations leads to a trace.",
		"", "curl -s -H 'Accept: application/openmetrics-text; version=1.0.0' {shop}/metrics | grep trace_id",
	},
	{
		"An order",
		"It answers with the number of the order, and the metrics count it.",
		"", "curl -s -d euros=9.99 {shop}/orders",
	},
}

// command returns the command for the shop at the URL shop.
func (a *attempt) command(shop string) string { return strings.ReplaceAll(a.Command, "{shop}", shop) }

// greeting returns what the program prints when the shop is open.
func greeting(shop string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\nThe shop is open on %s and keeps itself busy. Open it in a browser, or try:\n", shop)
	for i := range attempts {
		fmt.Fprintf(&text, "\n  # %s\n  %s\n", attempts[i].Title, attempts[i].command(shop))
	}
	text.WriteString("\nCtrl-C closes it.\n")
	return text.String()
}

// indexPage is the page that the shop shows to browsers.
var indexPage = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The shop</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 52em; margin: 2em auto; padding: 0 1em; color: #222; }
h2 { font-size: 1.05em; margin: 1.5em 0 0; }
p { margin: .2em 0; }
pre { background: #f3f4f6; padding: .5em .8em; margin: .3em 0; font-size: .85em; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 1em 0; }
td { border-bottom: 1px solid #ddd; padding: .2em 2em .2em 0; }
td:last-child { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<h1>The shop</h1>
<p>It takes orders into a database, is its own customer, and exports metrics. This is what they say now:</p>
<table>
{{range .Figures}}<tr><td>{{.Name}}</td><td>{{.Value}}</td></tr>
{{end}}</table>
{{range .Attempts}}<h2>{{if .Link}}<a href="{{.Link}}">{{.Title}}</a>{{else}}{{.Title}}{{end}}</h2>
<p>{{.Says}}</p>
<pre>{{.Command}}</pre>
{{end}}</body>
</html>
`))

// figure is a number on the index page.
type figure struct {
	Name  string
	Value string
}

// showIndex serves the attempts and some figures.
func (s *shop) showIndex(w http.ResponseWriter, r *http.Request) {
	listed := make([]attempt, len(attempts))
	for i := range attempts {
		listed[i] = attempts[i]
		listed[i].Command = attempts[i].command(s.url)
	}
	var page bytes.Buffer
	err := indexPage.Execute(&page, struct {
		Figures  []figure
		Attempts []attempt
	}{s.figures(r.Context()), listed})
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(page.Bytes()) // It fails if the visitor has gone away.
}

// figures holds the figures of the index page. It remembers the last ones, so that a collector that
// fails or is late does not make the shop look as if it had no orders.
type figures struct {
	mu   sync.Mutex
	sums map[string]float64 // the last figures, by family
}

// figures returns the figures for the index page.
func (s *shop) figures(ctx context.Context) []figure {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	s.addUp(ctx)
	return []figure{
		{"Requests served", s.known.format("%.0f", "shop_http_requests_total")},
		{"Orders in the books", s.known.format("%.0f", "shop_orders")},
		{"Their value", s.known.format("%.2f €", "shop_orders_value_euros")},
		{"Paid, by the last sales report", s.known.format("%.2f €", "shop_sales_euros")},
	}
}

// addUp gathers a few families as a scrape does, and adds up their series.
func (s *shop) addUp(ctx context.Context) {
	ctx = metric.Select(ctx, metric.Selection{
		Families: []string{"shop_http_requests_total", "shop_orders", "shop_orders_value_euros", "shop_sales_euros"},
	})
	families, err := s.registry.GatherWithContext(ctx)
	if _, ok := errors.AsType[*metric.GatherError](err); err != nil && !ok { // The registry logs those.
		log.Printf("index: %v", err)
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	for _, family := range families {
		sum := 0.0
		for _, m := range family.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		s.known.sums[family.GetName()] = sum
	}
}

// format formats the figure of a family, or returns a dash if the family has not had a value yet.
func (f *figures) format(format, family string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum, ok := f.sums[family]
	if !ok {
		return "–"
	}
	return fmt.Sprintf(format, sum)
}
