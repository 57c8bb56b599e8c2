package remotewrite

import (
	"runtime/debug"
	"strings"
	"sync"
)

const (
	modulePath = "github.com/luxfi/metric"
	agentName  = "luxfi-metric/"
)

// userAgent returns the User-Agent of requests: the name of the library and its version in this program.
var userAgent = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return agentName + moduleVersion(info)
})

// moduleVersion returns the version of the library, or "devel" if the program was built from a working copy
// of it.
func moduleVersion(info *debug.BuildInfo) string {
	version := ""
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		version = m.Version
	}
	if version == "" || strings.HasPrefix(version, "(") {
		return "devel"
	}
	return version
}
