package probe

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/redact"
)

// Recent returns the handler of a page about the last 100 probes and the last 100 failed probes before
// them. Each probe has a link to its log, "?id=…". The page hides texts that look like credentials in
// targets, errors and logs.
func (h *Handler) Recent() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD are allowed", http.StatusMethodNotAllowed)
			return
		}
		query := r.URL.Query()
		if !query.Has("id") {
			h.serveRecent(w)
			return
		}
		id, err := strconv.ParseUint(query.Get("id"), 10, 64)
		if err != nil {
			http.Error(w, "parameter id must be a number from the page of recent probes", http.StatusBadRequest)
			return
		}
		found := h.history.find(id)
		if found == nil {
			http.Error(w, "the probe is not known any more", http.StatusNotFound)
			return
		}
		servePlain(w, []byte(found.text()))
	})
}

// text returns the record with its log as text for people.
func (r *record) text() string {
	head := fmt.Sprintf("time: %s\nmodule: %s\ntarget: %s\nresult: %s\nduration: %v\n",
		r.time.UTC().Format(time.RFC3339Nano), oneLine(r.module), oneLine(redact.Text(bounded(r.target))), r.result, r.duration)
	if r.err != nil {
		head += "error: " + oneLine(redact.Text(r.err.Error())) + "\n"
	}
	return head + "\nLogs for the probe:\n" + r.log.String()
}

// oneLine returns text without line breaks and other unprintable characters.
func oneLine(text string) string {
	quoted := strconv.Quote(text)
	if inner := quoted[1 : len(quoted)-1]; inner != text {
		return quoted
	}
	return text
}

// row is a record in the form that the page shows.
type row struct {
	ID       uint64
	Time     string
	Module   string
	Target   string
	Result   string
	Failed   bool
	Error    string
	Duration string
}

// list is a table of the page.
type list struct {
	Title string
	Empty string
	Rows  []row
}

// maxError is how much of an error the page shows, in bytes.
const maxError = 300

func newList(title, empty string, records []*record) list {
	l := list{Title: title, Empty: empty}
	for _, r := range records {
		one := row{
			ID: r.id, Time: r.time.UTC().Format("2006-01-02 15:04:05"), Module: r.module, Target: redact.Text(bounded(r.target)),
			Result: string(r.result), Failed: r.result != success, Duration: r.duration.Round(100 * time.Microsecond).String(),
		}
		if r.err != nil {
			one.Error = redact.Text(r.err.Error())
			if len(one.Error) > maxError {
				one.Error = strings.ToValidUTF8(one.Error[:maxError], "") + "…"
			}
		}
		l.Rows = append(l.Rows, one)
	}
	return l
}

func (h *Handler) serveRecent(w http.ResponseWriter) {
	recent, failures := h.history.lists()
	lists := []list{newList("Recent probes", "There has been no probe yet.", recent)}
	if len(failures) > 0 {
		lists = append(lists, newList("Earlier failures", "", failures))
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, map[string]any{"Style": template.CSS(pageStyle), "Lists": lists}); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Add("Content-Security-Policy", pagePolicy)
	_, _ = w.Write(page.Bytes()) // It fails if the client has gone away.
}

// pagePolicy allows the page's style sheet and nothing else.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --bad: #f2b8b5; --good: #8fd6a9; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5em auto; max-width: 75em; padding: 0 1em; }
h1 { font-size: 1.3em; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35em .6em; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; }
.failed { color: var(--bad); font-weight: 600; }
.success { color: var(--good); }
.error { font-size: .9em; }
@media (max-width: 40em) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; width: 1px; }
  tr { border-bottom: 1px solid var(--line); display: block; padding: .5em 0; }
  td { border: 0; display: block; padding: .1em 0; }
  td.number { text-align: left; }
}
`

var pageTemplate = template.Must(template.New("recent").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Recent probes</title>
<style>{{.Style}}</style>
</head>
<body>
{{range .Lists}}<h1>{{.Title}}</h1>
{{if .Rows}}<table>
<thead><tr><th>Time (UTC)</th><th>Module</th><th>Target</th><th>Result</th><th>Duration</th><th>Log</th></tr></thead>
<tbody>
{{range .Rows}}<tr><td>{{.Time}}</td><td>{{.Module}}</td><td>{{.Target}}</td>` +
	`<td><span class="{{if .Failed}}failed{{else}}success{{end}}">{{.Result}}</span>{{with .Error}}<div class="error">{{.}}</div>{{end}}</td>` +
	`<td class="number">{{.Duration}}</td><td><a href="?id={{.ID}}">log</a></td></tr>
{{end}}</tbody>
</table>
{{else}}<p>{{.Empty}}</p>
{{end}}{{end}}</body>
</html>
`))
