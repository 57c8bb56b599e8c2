package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// endpoints maps the names below api/ to their endpoints. The stream is not among them.
var endpoints = map[string]endpoint{
	"collectors":         {http.MethodGet, answerCollectors},
	"metrics":            {http.MethodGet, answerMetrics},
	"family":             {http.MethodGet, answerFamily},
	"plot":               {http.MethodGet, answerPlot},
	"cardinality":        {http.MethodGet, answerCardinality},
	"cardinality/values": {http.MethodGet, answerValues},
	"marks":              {http.MethodPost, answerMark},
	"changes":            {http.MethodGet, answerChanges},
	"history":            {http.MethodGet, answerHistory},
}

const streamName = "stream"

// route answers a request by the last elements of its path. The elements before depend on where the
// handler is mounted, and on proxies.
func (d *Dashboard) route(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	name, isAPI := apiName(r.URL.Path)
	if err := d.opts.admit(r); err != nil {
		refuse(w, isAPI, http.StatusForbidden, err)
		return
	}
	if d.sampler.ctx.Err() != nil {
		refuse(w, isAPI, http.StatusServiceUnavailable, errClosed)
		return
	}
	switch e := endpoints[name]; {
	case !isAPI:
		if isRead(w, r) {
			d.servePage(w, r)
		}
	case name == streamName:
		if isMethod(w, r, http.MethodGet) {
			d.stream(w, r)
		}
	case e.method == http.MethodPost:
		if isMethod(w, r, http.MethodPost) {
			e.serve(d, w, r)
		}
	case isRead(w, r):
		e.serve(d, w, r)
	}
}

// servePage answers requests for paths outside of api/.
func (d *Dashboard) servePage(w http.ResponseWriter, r *http.Request) {
	last := path.Base("/" + r.URL.Path)
	switch {
	case isIndex(r):
		d.serveIndex(w, r)
	case last == "metrics":
		d.exposition.ServeHTTP(w, r)
	case last == "collectors.txt":
		d.serveText(w, r)
	case isAsset(w, r):
	case lacksSlash(r):
		redirect(w, r)
	default:
		refuse(w, isBelowAPI(r.URL.Path), http.StatusNotFound, errNoPage)
	}
}

// serveIndex answers with the page, or with the collectors as text if the client is not a browser.
func (d *Dashboard) serveIndex(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") || !serveAsset(w, r, "") {
		d.serveText(w, r)
	}
}

var errNoPage = errors.New("there is nothing at this path: the path of the dashboard ends in a slash, and its data is below that, in api/")

// isBelowAPI reports whether the second to last element of a path is api.
func isBelowAPI(p string) bool {
	dir, _ := path.Split(p)
	return path.Base("/"+dir) == "api"
}

// apiName returns the name after api/ in a path, and whether an endpoint has that name.
func apiName(path string) (name string, ok bool) {
	path = "/" + path
	for name := range endpoints {
		if strings.HasSuffix(path, "/api/"+name) {
			return name, true
		}
	}
	return streamName, strings.HasSuffix(path, "/api/"+streamName)
}

// isAsset serves a file of the page and reports whether the file exists. The file may be in a folder.
func isAsset(w http.ResponseWriter, r *http.Request) bool {
	dir, name := path.Split(r.URL.Path)
	return serveAsset(w, r, path.Join(path.Base("/"+dir), name)) || name != "" && serveAsset(w, r, name)
}

// isIndex reports whether a request is for the page. Its path is also empty if http.StripPrefix has
// removed all of it.
func isIndex(r *http.Request) bool {
	if r.URL.Path == "" {
		return strings.HasSuffix(requestPath(r), "/")
	}
	return strings.HasSuffix(r.URL.Path, "/") && !strings.HasSuffix("/"+r.URL.Path, "/api/")
}

// lacksSlash reports whether a request may be for the page, but lacks the slash on which its relative
// URLs depend.
func lacksSlash(r *http.Request) bool {
	switch {
	case r.URL.Path == "":
		return true
	case strings.HasSuffix(r.Pattern, "/"):
		return false // The handler was mounted with the slash, so this path is below it.
	default:
		_, name := path.Split(r.URL.Path)
		return name != "" && !strings.Contains(name, ".") && !isBelowAPI(r.URL.Path)
	}
}

// requestPath returns the path that the client has requested, as written.
func requestPath(r *http.Request) string {
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		return u.EscapedPath()
	}
	return r.URL.EscapedPath()
}

// redirect sends the client to the same path with a slash. The URL is relative, since a proxy may have
// changed the beginning of the path.
func redirect(w http.ResponseWriter, r *http.Request) {
	to := "./" + path.Base("/"+requestPath(r)) + "/"
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// isRead reports whether the method of a request is GET or HEAD, and answers with an error if not.
func isRead(w http.ResponseWriter, r *http.Request) bool {
	return isMethod(w, r, http.MethodGet, http.MethodHead)
}

// isMethod reports whether the method of a request is an allowed one, and answers with an error if not.
func isMethod(w http.ResponseWriter, r *http.Request, allowed ...string) bool {
	for _, method := range allowed {
		if r.Method == method {
			return true
		}
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	_, isAPI := apiName(r.URL.Path)
	refuse(w, isAPI, http.StatusMethodNotAllowed, fmt.Errorf("the method %.20q is not allowed here: use %s", r.Method, list))
	return false
}

// refuse answers with an error, as JSON or as text.
func refuse(w http.ResponseWriter, isAPI bool, status int, err error) {
	if isAPI {
		fail(w, &answerError{status, err})
		return
	}
	http.Error(w, err.Error(), status)
}
