package web_test

import (
	"errors"
	"testing"

	"github.com/luxfi/metric/internal/web"
)

func TestEnding(t *testing.T) {
	failed := errors.New("failed")
	for name, tc := range map[string]struct {
		result                     web.Result
		lenient, strict, panicking web.Ending
	}{
		"good": {web.Result{}, web.Complete, web.Complete, web.Complete},
		"good, and begun": {
			web.Result{Begun: true}, web.Complete, web.Complete, web.Complete,
		},
		"a part is missing": {
			web.Result{Begun: true, Gathering: failed}, web.Complete, web.ShowError, web.Panic,
		},
		"a point does not fit the format": {
			web.Result{Begun: true, Encoding: failed}, web.Complete, web.ShowError, web.Panic,
		},
		"all is missing": {
			web.Result{Gathering: failed}, web.ShowError, web.ShowError, web.Panic,
		},
		"all is missing, and the client is gone": {
			web.Result{Gathering: failed, Gone: true}, web.ShowError, web.ShowError, web.ShowError,
		},
		"nothing could be written": {
			web.Result{Writing: failed}, web.ShowError, web.ShowError, web.ShowError,
		},
		"a part was written": {
			web.Result{Begun: true, Writing: failed}, web.BreakOff, web.BreakOff, web.BreakOff,
		},
		"a part was gathered, and a part of that was written": {
			web.Result{Begun: true, Gathering: failed, Writing: failed}, web.BreakOff, web.BreakOff, web.BreakOff,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for strictness, want := range map[web.Strictness]web.Ending{
				web.Lenient: tc.lenient, web.Strict: tc.strict, web.Panicking: tc.panicking,
			} {
				if got := tc.result.Ending(strictness); got != want {
					t.Errorf("strictness %d: it ends with %d, want %d", strictness, got, want)
				}
			}
		})
	}
}
