package metric

import (
	"net/http"
	"sync"
	"weak"

	"golang.org/x/time/rate"
)

// badHeaders limits how often scrape-timeout headers that are not valid are logged: once a
// minute for each server, because a program may make a handler for each request. Requests
// that come from no http.Server are limited by what they scrape.
var badHeaders badHeaderLimits

// maxBadHeaderLimits bounds the memory of programs that have ever new registries or servers.
const maxBadHeaderLimits = 1000

type badHeaderLimits struct {
	mu sync.Mutex
	by map[any]*rate.Sometimes // The keys are weak pointers, or nil.
}

// isBadHeaderDue reports whether a header of r that is not valid may be logged now. The
// registry may be nil.
func isBadHeaderDue(r *http.Request, registry *core) bool {
	var key any
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server != nil {
		key = weak.Make(server)
	} else if registry != nil {
		key = weak.Make(registry)
	}
	return badHeaders.isDue(key)
}

func (l *badHeaderLimits) isDue(key any) (due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.by[key]
	if limit == nil {
		if l.by == nil || len(l.by) >= maxBadHeaderLimits {
			l.by = make(map[any]*rate.Sometimes)
		}
		limit = &rate.Sometimes{Interval: logInterval}
		l.by[key] = limit
	}
	limit.Do(func() { due = true })
	return due
}
