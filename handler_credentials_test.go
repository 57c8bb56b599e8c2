package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// leaky is the text of a database driver's error that contains the password more than once.
const leaky = `dial postgres://bob:hunter2@db:5432/shop?api_key=hunter2: FATAL (password=hunter2, Authorization: Bearer hunter2): no luck`

// TestCredentialsInAnswers checks that answers hide credentials, and that the log shows them.
func TestCredentialsInAnswers(t *testing.T) {
	failing := func(opts metric.HandlerOpts) (metric.HandlerOpts, *[]string) {
		var logged []string
		opts.ErrorLog = func(err error) { logged = append(logged, err.Error()) }
		return opts, &logged
	}
	show := func(err error) string { return err.Error() }
	panicking := func(*http.Request) context.Context { panic(leaky) }
	for name, tc := range map[string]struct {
		opts  metric.HandlerOpts
		shown bool // whether ErrorText shows the credentials
	}{
		"HTTPErrorOnError":      {opts: metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError}},
		"ErrorText":             {opts: metric.HandlerOpts{ErrorHandling: metric.HTTPErrorOnError, ErrorText: show}, shown: true},
		"ContextFunc":           {opts: metric.HandlerOpts{ContextFunc: panicking}},
		"ContextFunc/ErrorText": {opts: metric.HandlerOpts{ContextFunc: panicking, ErrorText: show}, shown: true},
	} {
		t.Run(name, func(t *testing.T) {
			opts, logged := failing(tc.opts)
			w := request(metric.HandlerForContext(brokenBeside(leaky), opts))
			body := w.Body.String()
			if w.Code != http.StatusInternalServerError || strings.Contains(body, "hunter2") != tc.shown || !strings.Contains(body, "no luck") {
				t.Errorf("got status %d and\n%s", w.Code, body)
			}
			if text := strings.Join(*logged, "\n"); !strings.Contains(text, leaky) {
				t.Errorf("logged\n%s", text)
			}
		})
	}
	t.Run("nothing but errors", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(plain{"broken", func(chan<- metric.Metric) { panic(leaky) }})
		opts, _ := failing(metric.HandlerOpts{})
		w := request(metric.HandlerForContext(r, opts))
		if body := w.Body.String(); w.Code != http.StatusInternalServerError || strings.Contains(body, "hunter2") || !strings.Contains(body, "no luck") {
			t.Errorf("got status %d and\n%s", w.Code, body)
		}
	})
	t.Run("promhttp", func(t *testing.T) {
		w := request(promhttp.HandlerFor(brokenBeside(leaky), promhttp.HandlerOpts{}))
		if body := w.Body.String(); w.Code != http.StatusInternalServerError || strings.Contains(body, "hunter2") || !strings.Contains(body, "no luck") {
			t.Errorf("got status %d and\n%s", w.Code, body)
		}
	})
	t.Run("bad request", func(t *testing.T) {
		for _, query := range []string{
			"collect[]=" + url.QueryEscape(leaky), "exclude[]=" + url.QueryEscape(leaky), "collect[]=" + url.QueryEscape(leaky+strings.Repeat("x", 1000)),
			"password=hunter2%zz",
		} {
			w := requestTo(metric.HandlerFor(oneCounter()), "/?"+query)
			if body := w.Body.String(); w.Code != http.StatusBadRequest || strings.Contains(body, "hunter2") {
				t.Errorf("got status %d and\n%s", w.Code, body)
			}
		}
	})
	for _, accept := range []string{"text/html", "text/plain"} {
		t.Run("status page in "+accept, func(t *testing.T) {
			r := brokenBeside(leaky)
			if _, err := r.Gather(); err == nil {
				t.Fatal("nothing has failed")
			}
			page := request(metric.StatusHandler(r), "Accept", accept).Body.String()
			if strings.Contains(page, "hunter2") || !strings.Contains(page, "no luck") {
				t.Errorf("got\n%s", page)
			}
			status := r.Status()
			if err := status[len(status)-1].LastError; err == nil || !strings.Contains(err.Error(), leaky) {
				t.Errorf("Status has the error %v", err)
			}
		})
	}
	t.Run("longer than a cell", func(t *testing.T) {
		r := metric.NewContextRegistry()
		r.MustRegister(metric.NewCollectorFunc(describing("broken"), func(_ context.Context, ch chan<- metric.Metric) {
			ch <- metric.NewInvalidMetric(desc("broken"), errors.New(strings.Repeat("a ", 150)+`password="`+strings.Repeat("hunter2", 100)))
		}))
		_, _ = r.Gather()
		if page := request(metric.StatusHandler(r)).Body.String(); strings.Contains(page, "hunter2") {
			t.Errorf("got\n%s", page)
		}
	})
}
