package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// hostileError is an error whose text comes from a function.
type hostileError struct{ text func() string }

func (e *hostileError) Error() string { return e.text() }

// TestErrorThatPanics checks that a probe fails if the Error method of its error panics.
func TestErrorThatPanics(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(context.Context, *Probe) error {
		var none *hostileError
		return none
	})
	has(t, ask(h, "x"), fails)
	if w := recent(h, "GET", "id=1"); !strings.Contains(w.Body.String(), "panicked") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestErrorThatHangs checks that a probe fails in time if the Error method of its error hangs.
func TestErrorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		h := answering(t, "modules: {a: {timeout: 1s}}", func(context.Context, *Probe) error {
			return &hostileError{func() string { <-end; return "late" }}
		})
		has(t, ask(h, "x"), fails)
		close(end)
	})
}

// TestLongErrors checks that the history keeps only the beginning of a long error that a target caused.
func TestLongErrors(t *testing.T) {
	h := answering(t, "modules: {a: {}}", func(_ context.Context, p *Probe) error {
		text := strings.Repeat("é", 1<<20)
		if p.Target == "panics" {
			panic(text)
		}
		return errors.New(text)
	})
	for _, target := range []string{"fails", "panics"} {
		ask(h, target)
		all, _ := h.history.lists()
		if n := len(all[0].err.Error()); n > 2*maxErrorText {
			t.Errorf("%s: %d bytes", target, n)
		}
	}
}

// TestLongCredentials checks that credentials longer than the shown part of a target stay hidden.
func TestLongCredentials(t *testing.T) {
	var log buffer
	h := serving(t, "modules: {a: {}}\ntargets: {deny: [denied]}", Opts{Logger: debugLogger(&log), Probers: []Prober{prober(func(_ context.Context, p *Probe) error {
		return errors.New("cannot reach " + p.Target)
	})}})
	secret := strings.Repeat("swordfish", 600)
	for _, host := range []string{"host", "denied"} {
		w := ask(h, "http://user:"+secret[:3000]+"@"+host+"/", query("debug=true"))
		for where, text := range map[string]string{
			"answer": w.Body.String(), "log": log.String(),
			"page": recent(h, "GET", "").Body.String(), "record": recent(h, "GET", "id=1").Body.String(),
		} {
			if strings.Contains(text, "swordfish") {
				t.Errorf("%s: a credential in the %s:\n%.500s", host, where, text)
			}
		}
	}
}
