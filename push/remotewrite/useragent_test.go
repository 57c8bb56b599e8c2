package remotewrite

import (
	"runtime/debug"
	"testing"
)

func TestModuleVersion(t *testing.T) {
	module := func(path, version string) *debug.Module { return &debug.Module{Path: path, Version: version} }
	replaced := module(modulePath, "v1.0.0")
	replaced.Replace = module("../metric", "")
	for want, info := range map[string]*debug.BuildInfo{
		"devel":                         {},
		"v1.2.3":                        {Main: debug.Module{Path: "a"}, Deps: []*debug.Module{module("b", "v9"), module(modulePath, "v1.2.3")}},
		"v1.2.4-0.20260101000000-abcde": {Main: *module(modulePath, "v1.2.4-0.20260101000000-abcde")},
	} {
		if got := moduleVersion(info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, info := range []*debug.BuildInfo{{Main: *module(modulePath, "(devel)")}, {Deps: []*debug.Module{replaced}}} {
		if got := moduleVersion(info); got != "devel" {
			t.Errorf("got %q, want devel", got)
		}
	}
}
