package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestDebug(t *testing.T) {
	p := withSettings("", nil)
	p.New = func(*Module) (Func, error) {
		return func(_ context.Context, p *Probe) error {
			p.Metrics.NewGauge("answer", "The answer.").Set(42)
			p.Logger.Debug("connecting", "url", "http://u:swordfish@host/")
			return errors.New("login with password=swordfish failed")
		}, nil
	}
	h := serving(t, `modules:
  a:
    timeout: 5s
    password: swordfish
    url: http://u:swordfish@host/
    headers: {Authorization: Bearer swordfish, Accept: text/plain, X-Api-Key: swordfish}
`, Opts{Probers: []Prober{p}})
	w := ask(h, "http://u:swordfish@x/", query("debug=true"))
	has(t, w, "Logs for the probe:", "Metrics that would have been returned:", "answer 42", fails, "Module configuration:", "    timeout: 5s", "    path: /default", "        Accept: text/plain")
	if strings.Contains(w.Body.String(), "swordfish") {
		t.Errorf("a credential in:\n%s", w.Body)
	}
	for _, want := range []string{"level=DEBUG msg=connecting", "login with"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %q in:\n%s", want, w.Body)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
}

func TestLongLog(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
		for range 10000 {
			p.Logger.Info("The quick brown fox jumps over the lazy dog.")
		}
		return nil
	})
	body := ask(h, "x", query("debug=true")).Body.String()
	if !strings.Contains(body, "… truncated\n") || len(body) > maxLog+10000 {
		t.Errorf("%d bytes", len(body))
	}
}

type unmarshalable struct{}

func (unmarshalable) MarshalYAML() (any, error) { panic("no") }

func TestSettingsThatCannotBeShown(t *testing.T) {
	m := &module{Module: Module{Name: "a", Settings: &struct{ X unmarshalable }{}}}
	if got := m.shown(); !strings.Contains(got, "cannot be shown") {
		t.Error(got)
	}
}
