package web

import (
	"net/http"
	"sync"
	"time"
	"weak"

	"golang.org/x/time/rate"
)

// badHeaders limits how often invalid scrape-timeout headers are logged: once a minute for each server,
// because a program may make a handler for each request. For requests that do not come from an
// [http.Server], the limit applies to each scraped registry or gatherer instead.
var badHeaders badHeaderLimits

// badHeaderInterval is the least time between two log lines of a server about invalid headers.
const badHeaderInterval = time.Minute

// maxBadHeaderLimits bounds the memory of programs that keep making registries or servers.
const maxBadHeaderLimits = 1000

type badHeaderLimits struct {
	mu sync.Mutex
	by map[any]*rate.Sometimes // The keys are weak pointers, or nil.
}

// IsBadHeaderDue reports whether an invalid scrape-timeout header of r may be logged now. source is what
// the request scrapes; it may be nil.
func IsBadHeaderDue[T any](r *http.Request, source *T) bool {
	var key any
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server != nil {
		key = weak.Make(server)
	} else if source != nil {
		key = weak.Make(source)
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
		limit = &rate.Sometimes{Interval: badHeaderInterval}
		l.by[key] = limit
	}
	limit.Do(func() { due = true })
	return due
}
