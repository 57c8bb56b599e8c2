package web

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/luxfi/metric/internal/printable"
	"github.com/luxfi/metric/internal/redact"
)

// Table is a page for people, or a part of one.
type Table struct {
	Title   string
	Columns []string
	Rows    []Row
	Next    *Table // next table on the page, or nil
}

// Row is one row of a table.
type Row struct {
	Cells   []string // any texts, one for each column; the page shows them without credentials
	Problem bool     // The row needs attention.
}

// Serve answers with the table as of the time now, as HTML to browsers and as plain text to others.
func (t *Table) Serve(w http.ResponseWriter, r *http.Request, now time.Time) {
	var page bytes.Buffer
	contentType := "text/plain; charset=utf-8"
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		contentType = "text/html; charset=utf-8"
		t.writeHTML(&page, now)
	} else {
		t.writeText(&page)
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'") // A server around the handler may have its own policy; both apply.
	_, _ = w.Write(page.Bytes())                                                           // It fails if the client has gone away.
}

// writeText writes the table as plain text, with aligned columns.
func (t *Table) writeText(to *bytes.Buffer) {
	table := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprint(table, strings.Join(t.Columns, "\t")) // A buffer never fails.
	for _, row := range t.Rows {
		_, _ = fmt.Fprint(table, "\n")
		for i, cell := range row.Cells {
			if i > 0 {
				_, _ = fmt.Fprint(table, "\t")
			}
			_, _ = fmt.Fprint(table, oneLine(cell))
		}
	}
	_, _ = fmt.Fprintln(table)
	_ = table.Flush()
	if t.Next != nil {
		fmt.Fprintf(to, "\n%s:\n", t.Next.Title)
		t.Next.writeText(to)
	}
}

// pageHead is the beginning of an HTML page, up to its title.
const pageHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>`

// pageStyle follows the title.
const pageStyle = `</title>
<style>
:root { color-scheme: light dark; }
body { font: 14px/1.4 sans-serif; margin: 1.5em; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #8884; padding: .3em .8em .3em 0; text-align: left; vertical-align: top; }
td:nth-child(-n+5) { white-space: nowrap; }
tr.problem td { background: #e5393526; }
</style>
</head>
<body>
`

// writeHTML writes the table as an HTML page.
func (t *Table) writeHTML(to *bytes.Buffer, now time.Time) {
	to.WriteString(pageHead)
	to.WriteString(html.EscapeString(t.Title))
	to.WriteString(pageStyle)
	for ; t != nil; t = t.Next {
		t.writePart(to, now)
	}
	to.WriteString("</body>\n</html>\n")
}

// writePart writes the table as a part of an HTML page.
func (t *Table) writePart(to *bytes.Buffer, now time.Time) {
	problems := 0
	for _, row := range t.Rows {
		if row.Problem {
			problems++
		}
	}
	fmt.Fprintf(to, "<h1>%s</h1>\n<p>%d of %d have a problem. As of %s.</p>\n<table>\n<tr>",
		html.EscapeString(t.Title), problems, len(t.Rows), now.UTC().Format(time.RFC3339))
	for _, column := range t.Columns {
		fmt.Fprintf(to, "<th>%s</th>", html.EscapeString(column))
	}
	to.WriteString("</tr>\n")
	for _, row := range t.Rows {
		if row.Problem {
			to.WriteString(`<tr class="problem">`)
		} else {
			to.WriteString("<tr>")
		}
		for _, cell := range row.Cells {
			fmt.Fprintf(to, "<td>%s</td>", html.EscapeString(oneLine(cell)))
		}
		to.WriteString("</tr>\n")
	}
	to.WriteString("</table>\n")
}

// maxCell is the maximum length of a cell's text in bytes. Errors may be long.
const maxCell = 500

// oneLine returns a text as one short, printable line without credentials.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(redact.Text(text), "\uFFFD")), " ")
	more := ""
	if len(text) > maxCell {
		text, more = strings.ToValidUTF8(text[:maxCell], ""), "…"
	}
	return printable.Text(text) + more
}
