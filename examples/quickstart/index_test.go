package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestIndex requests the links on the index page and checks its figures.
func TestIndex(t *testing.T) {
	s, client := start(t, config{oldOrders: 50})
	firstVisits(t.Context(), s.url, 30)
	page, _ := s.get(t, client, "/", nil)
	page = html.UnescapeString(page)
	for _, want := range []string{
		"<td>Requests served</td><td>30</td>",
		"<td>Orders in the books</td><td>[5-8][0-9]</td>",
		"<td>Their value</td><td>[1-9][0-9.]+ €</td>",
		"<td>Paid, by the last sales report</td><td>[1-9][0-9.]+ €</td>",
	} {
		if !regexp.MustCompile(want).MatchString(page) {
			t.Errorf("the index lacks %s:\n%s", want, page)
		}
	}
	for i := range attempts {
		if command := attempts[i].command(s.url); !strings.Contains(page, "<pre>"+command+"</pre>") {
			t.Errorf("the index lacks the command %s", command)
		}
	}
	links := regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 5 {
		t.Errorf("the index has %d links:\n%s", len(links), page)
	}
	for _, link := range links {
		if body, _ := s.get(t, client, link[1], nil); body == "" {
			t.Errorf("%s is empty", link[1])
		}
	}
}

// TestFiguresAtOnce requests the index page for the first time while the sales report is missing and no
// collector has time to answer. The page must show the figures from when the shop opened.
func TestFiguresAtOnce(t *testing.T) {
	s, client := start(t, config{oldOrders: 50})
	if _, err := s.db.ExecContext(t.Context(), `DROP TABLE sales`); err != nil {
		t.Fatal(err)
	}
	page, _ := s.get(t, client, "/", nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, shown := range map[string]string{"without a report": page, "without time": fmt.Sprint(s.figures(over))} {
		if !strings.Contains(shown, "50") || !regexp.MustCompile(`[1-9][0-9]*\.[0-9]+ €`).MatchString(shown) || regexp.MustCompile(`\b0(\.00)? €`).MatchString(shown) {
			t.Errorf("%s: the index shows\n%s", name, shown)
		}
	}
}

// TestAttempts checks that each command that the shop prints has some output.
func TestAttempts(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the commands need %s", tool)
		}
	}
	s, _ := start(t, config{oldOrders: 50})
	firstVisits(t.Context(), s.url, 30)
	text := greeting(s.url)
	for i := range attempts {
		command := attempts[i].command(s.url)
		t.Run(attempts[i].Title, func(t *testing.T) {
			if !strings.Contains(text, "\n  "+command+"\n") {
				t.Errorf("the greeting lacks %s:\n%s", command, text)
			}
			out, err := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", command).CombinedOutput()
			if err != nil || len(out) == 0 {
				t.Errorf("$ %s\n%s%v", command, out, err)
			}
		})
	}
}

// TestFigures opens the shop as main does, and checks that it has real figures by the time it says that it
// is open.
func TestFigures(t *testing.T) {
	var out bytes.Buffer
	progress := &lines{to: make(chan string, 100)}
	s, client := start(t, config{out: progress, oldOrders: 100, firstVisits: 100})
	for deadline := time.After(time.Minute); !strings.Contains(out.String(), "The shop is open on "+s.url); {
		select {
		case text := <-progress.to:
			out.WriteString(text)
		case <-deadline:
			t.Fatalf("the shop does not open; it has said\n%s", out.String())
		}
	}
	for _, want := range []string{"Opening the database", "Writing orders: 20 of 100", "Writing orders: 100 of 100", "100 requests"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the shop has not said %s, but\n%s", want, out.String())
		}
	}
	samples, _ := s.scrape(t, client)
	for _, family := range []string{
		"shop_orders{", "shop_orders_value_euros{", "shop_sales_euros{",
		"shop_http_requests_total{", "shop_http_request_duration_seconds_count{",
	} {
		found := false
		for _, sample := range samples {
			if strings.HasPrefix(sample, family) {
				found = true
				if strings.HasSuffix(sample, " 0") {
					t.Errorf("%s is not a real figure", sample)
				}
			}
		}
		if !found {
			t.Errorf("the scrape lacks %s:\n%s", family, strings.Join(samples, "\n"))
		}
	}
}

// TestDashboard requests the dashboard with and without a browser, and closes the shop while the page is
// open.
func TestDashboard(t *testing.T) {
	s, client := start(t, config{history: time.Minute})
	if page, _ := s.get(t, client, "/dashboard/", http.Header{"Accept": {"text/html"}}); !strings.Contains(page, "<script") {
		t.Errorf("a browser gets no page:\n%s", page)
	}
	text, _ := s.get(t, client, "/dashboard/", nil)
	for _, collector := range []string{"orders", "warehouse", "sales"} {
		if !strings.Contains(text, collector) || strings.Contains(text, "<") {
			t.Errorf("the text lacks the collector %s:\n%s", collector, text)
		}
	}
	// The shop closes after the test's context has ended.
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.url+"/dashboard/api/stream?view=collectors", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := client.Do(req) //nolint:bodyclose // It is closed below, after the shop has ended it.
	if err != nil {
		t.Fatal(err)
	}
	events := bufio.NewReader(stream.Body)
	if first, err := events.ReadString('\n'); err != nil || first == "" {
		t.Errorf("the stream begins with %q (%v)", first, err)
	}
	go func() {
		defer stream.Body.Close()
		_, _ = io.Copy(io.Discard, events) // It ends when the shop closes.
	}()
}

// lines is a writer that sends each text to a test.
type lines struct{ to chan string }

func (l *lines) Write(text []byte) (int, error) {
	l.to <- string(text)
	return len(text), nil
}

// TestOldOrders opens a database twice and checks that its old orders are written only once.
func TestOldOrders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.db")
	for range 2 {
		s, err := openShop(t.Context(), config{addr: "127.0.0.1:0", database: file, oldOrders: 12})
		if err != nil {
			t.Fatal(err)
		}
		var orders int
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM orders`).Scan(&orders); err != nil || orders != 12 {
			t.Errorf("there are %d orders (%v), want 12", orders, err)
		}
		if err := s.cleanUp(); err != nil {
			t.Error(err)
		}
	}
}

// TestPortTaken checks that the error for a port in use says what helps.
func TestPortTaken(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	err = run(t.Context(), config{addr: address})
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "-listen 127.0.0.1:0") {
		t.Errorf("got error %v", err)
	}
}

// TestNoSuchPage checks that unknown paths do not show the index page.
func TestNoSuchPage(t *testing.T) {
	s, client := start(t, config{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metric", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("got status %d", resp.StatusCode)
	}
}
