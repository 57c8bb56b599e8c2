package exporter

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/prometheus/common/version"
)

//go:embed pages_landing.html
var landingHTML string

var landingTemplate = template.Must(template.New("landing page").Parse(landingHTML))

// landing is the data of the landing page's template.
type landing struct {
	Name, Description, Version string
	Links                      []landingLink
	Probe                      bool // whether the page shows a form for probes
}

// landingLink is a link. Its address is relative, so it works behind a proxy that serves the exporter
// under a prefix.
type landingLink struct{ Address, Text, Description string }

// landingPage returns the handler of the page at /. It replaces the page of exporter-toolkit, whose
// links are absolute and whose texts are not escaped.
func (s *webServer) landingPage() (http.Handler, error) {
	var page bytes.Buffer
	data := landing{s.name, s.description, version.Info(), s.landingLinks(), s.probe != nil}
	if err := landingTemplate.Execute(&page, data); err != nil {
		return nil, fmt.Errorf("landing page: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		// Add keeps a policy from the web configuration file in force.
		h.Add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes()) // It fails if the client has gone away.
	}), nil
}

func (s *webServer) landingLinks() []landingLink {
	links := []landingLink{{s.flags.telemetryPath, "Metrics", ""}}
	add := func(present bool, address, text, description string) {
		if present {
			links = append(links, landingLink{address, text, description})
		}
	}
	for _, page := range s.pages {
		add(page.Title != "", page.Path, page.Title, page.Description)
	}
	add(s.recent != nil, "/probes", "Probes", "recent probes and their results")
	add(true, "/status", "Status", "state of the collectors")
	add(s.shown != nil, "/config", "Configuration", "as loaded, without secrets")
	add(true, "/-/healthy", "Health", "")
	add(true, "/-/ready", "Readiness", "")
	add(s.flags.pprof, "/debug/pprof/", "Profiles", "in the format of pprof")
	for i := range links {
		links[i].Address = strings.TrimPrefix(links[i].Address, "/")
	}
	return links
}
