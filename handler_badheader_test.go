package metric_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// logFunc is a promhttp.Logger.
type logFunc func(v ...any)

func (f logFunc) Println(v ...any) { f(v...) }

// TestBadHeaderIsLoggedOnceAMinute sends invalid headers, both to a handler that serves many requests
// and to handlers that are made for one request each.
func TestBadHeaderIsLoggedOnceAMinute(t *testing.T) {
	for name, build := range map[string]func(logged func()) http.HandlerFunc{
		"one handler": func(logged func()) http.HandlerFunc {
			return metric.HandlerFor(oneCounter(), metric.HandlerOpts{ErrorLog: func(error) { logged() }}).ServeHTTP
		},
		"a handler for each request": func(logged func()) http.HandlerFunc {
			r := oneCounter()
			return func(w http.ResponseWriter, req *http.Request) {
				metric.HandlerFor(r, metric.HandlerOpts{ErrorLog: func(error) { logged() }}).ServeHTTP(w, req)
			}
		},
		"a registry for each request": func(logged func()) http.HandlerFunc {
			return func(w http.ResponseWriter, req *http.Request) {
				metric.HandlerForContext(oneCounter(), metric.HandlerOpts{ErrorLog: func(error) { logged() }}).ServeHTTP(w, req)
			}
		},
		"promhttp, for each request": func(logged func()) http.HandlerFunc {
			return func(w http.ResponseWriter, req *http.Request) {
				promhttp.HandlerFor(oneCounter(), promhttp.HandlerOpts{ErrorLog: logFunc(func(...any) { logged() })}).ServeHTTP(w, req)
			}
		},
		"ScrapeContext, too": func(logged func()) http.HandlerFunc {
			return func(w http.ResponseWriter, req *http.Request) {
				opts := metric.HandlerOpts{ErrorLog: func(error) { logged() }}
				_, cancel := metric.ScrapeContext(req, opts)
				defer cancel()
				metric.HandlerFor(oneCounter(), opts).ServeHTTP(w, req)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logged := 0
				c := servePipes(t, &http.Server{Handler: build(func() { logged++ })})()
				defer c.Close()
				answers := bufio.NewReader(c)
				scrape := func(header string) {
					ask(t, c, scrapeTimeout, header)
					resp, err := http.ReadResponse(answers, nil)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(resp.Body)
					if err != nil || resp.StatusCode != http.StatusOK || string(body) != oneCounterText {
						t.Errorf("got status %d, error %v and\n%s", resp.StatusCode, err, body)
					}
					synctest.Wait()
				}
				for minute := range 3 {
					for _, header := range []string{"soon", "NaN", "-1", "10s", "10"} {
						scrape(header)
						time.Sleep(time.Second)
					}
					if logged != minute+1 {
						t.Errorf("minute %d: logged %d times", minute, logged)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// TestBadHeaderWithoutServer calls the handler without a server, as some programs do.
func TestBadHeaderWithoutServer(t *testing.T) {
	r := oneCounter()
	var logged []string
	for range 5 {
		h := metric.HandlerFor(r, metric.HandlerOpts{ErrorLog: func(err error) { logged = append(logged, err.Error()) }})
		request(h, scrapeTimeout, "soon"+strings.Repeat("x", 1000))
	}
	if len(logged) != 1 || len(logged[0]) > 300 || !strings.Contains(logged[0], scrapeTimeout) {
		t.Errorf("logged %q", logged)
	}
}
