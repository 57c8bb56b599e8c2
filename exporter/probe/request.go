package probe

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/luxfi/metric/internal/redact"
)

// defaultModule is the module for requests that name no module.
const defaultModule = "default"

// request is a parsed request for a probe.
type request struct {
	module *module
	target string
	params url.Values
	debug  bool
}

// refusal is the reason why a request is answered without a probe.
type refusal struct {
	status int
	reason error // for the body
}

func (r *refusal) Error() string { return redact.Text(r.reason.Error()) }

func badRequest(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, fmt.Errorf(format, args...)}
}

// ask parses a request. Along with a refusal, it returns the part of the request that could be parsed.
func (s *Set) ask(r *http.Request) (request, *refusal) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return request{}, badRequest("the parameters of the request are not valid: they must be of the form name=value, joined by &, and percent-encoded")
	}
	asked := request{params: params, debug: params.Get("debug") == "true"}
	for _, name := range []string{"target", "module"} {
		if len(params[name]) > 1 {
			return asked, badRequest("parameter %s is repeated; one probe has one", name)
		}
	}
	var no *refusal
	if asked.module, no = s.find(params.Get("module")); no != nil {
		return asked, no
	}
	text := params.Get("target")
	if text == "" {
		return asked, badRequest("parameter target is missing")
	}
	t, err := parseTarget(text)
	if err != nil {
		return asked, badRequest("the target %q is not valid: %w", bounded(text), err)
	}
	asked.target = text
	if err := s.policy.checkTarget(t); err != nil {
		return asked, &refusal{http.StatusForbidden, notAllowed(text, err)}
	}
	return asked, nil
}

// maxListed is how many modules an error lists.
const maxListed = 50

// find returns the module with the given name. An empty name stands for the default module or the only one.
func (s *Set) find(name string) (*module, *refusal) {
	if m := s.modules[name]; m != nil {
		return m, nil
	}
	listed, more := s.names, ""
	if len(listed) > maxListed {
		listed, more = listed[:maxListed], ", …"
	}
	known := strings.Join(listed, ", ") + more
	switch {
	case len(s.names) == 0:
		return nil, badRequest("the configuration has no modules")
	case name != "":
		return nil, badRequest("unknown module %q; the modules are: %s", bounded(name), known)
	case s.modules[defaultModule] != nil:
		return s.modules[defaultModule], nil
	case len(s.names) == 1:
		return s.modules[s.names[0]], nil
	default:
		return nil, badRequest("parameter module is missing; the modules are: %s", known)
	}
}
