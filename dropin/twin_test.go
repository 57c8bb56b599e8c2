package dropin_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Comments in docs/migration.md that precede the commands that rewrite the import paths, and those that
// restore them.
const (
	forth = "<!-- The test in dropin/ runs this. -->"
	back  = "<!-- The test in dropin/ runs this, too. -->"
)

// runDocumented runs the command in docs/migration.md that follows the given comment.
func runDocumented(t *testing.T, comment, dir string) {
	t.Helper()
	for _, tool := range []string{"bash", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the command in docs/migration.md needs %s", tool)
		}
	}
	page, err := os.ReadFile("../docs/migration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), comment+"\n```sh\n")
	text, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatalf("docs/migration.md has no command after %s", comment)
	}
	command := exec.Command("bash", "-euo", "pipefail", "-c", text) //nolint:gosec // The command is the documented one.
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestBackAndForth rewrites the imports and restores them.
func TestBackAndForth(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("twin")); err != nil {
		t.Fatal(err)
	}
	for name, imports := range map[string]string{
		"single.go": "package twin\n\nimport \"github.com/prometheus/client_golang/prometheus\"\n",
		"named.go":  "package twin\n\nimport (\n\tprom \"github.com/prometheus/client_golang/prometheus\"\n\t_ \"github.com/prometheus/client_golang/prometheus/promhttp/zstd\"\n)\n",
		"dot.go":    "package twin\n\nimport . \"github.com/prometheus/client_golang/prometheus\"\n",
		"below.go":  "package twin\n\nimport \"github.com/prometheus/client_golang/prometheus/testutil/promlint\"\n",
		"others.go": "package twin\n\nimport \"github.com/prometheus/client_golang/api\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(imports), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	contents := func() map[string]string {
		texts := make(map[string]string)
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[filepath.Base(file)] = string(text)
		}
		return texts
	}
	before := contents()
	runDocumented(t, forth, dir)
	between := contents()
	for name, want := range map[string]string{
		"single.go": `import prometheus "github.com/luxfi/metric"`,
		"named.go":  `	prom "github.com/luxfi/metric"`,
		"dot.go":    `import . "github.com/luxfi/metric"`,
		"below.go":  `import "github.com/luxfi/metric/testutil/promlint"`,
	} {
		if !strings.Contains(between[name], want+"\n") {
			t.Errorf("got\n%s", between[name])
		}
	}
	if between["others.go"] != before["others.go"] {
		t.Errorf("got\n%s", between["others.go"])
	}
	runDocumented(t, back, dir)
	if after := contents(); !maps.Equal(before, after) {
		t.Errorf("got %v", after)
	}
}

// rewritten returns an overlay for the go command in which the program in twin has
// rewritten imports.
func rewritten(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("twin")); err != nil {
		t.Fatal(err)
	}
	runDocumented(t, forth, dir)
	var overlay struct{ Replace map[string]string }
	overlay.Replace = make(map[string]string)
	files, err := filepath.Glob("twin/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no program:", err)
	}
	changed := 0
	for _, file := range files {
		original, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		replaced := filepath.Join(dir, filepath.Base(file))
		overlay.Replace[original] = replaced
		text, err := os.ReadFile(replaced)
		if err != nil {
			t.Fatal(err)
		}
		changed += strings.Count(string(text), `"github.com/luxfi/metric`)
	}
	if changed < len(files) {
		t.Fatalf("only %d imports were rewritten", changed)
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gateway is a Pushgateway that records its requests.
type gateway struct {
	*httptest.Server

	mu   sync.Mutex
	seen []string
}

func startGateway(t *testing.T) *gateway {
	g := &gateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		user, password, _ := r.BasicAuth()
		g.seen = append(g.seen, fmt.Sprintf("%s %s %s %s:%s\n%s", r.Method, r.URL.EscapedPath(), r.Header.Get("Content-Type"),
			user, password, readable(t, r.Header.Get("Content-Type"), body)))
		switch {
		case strings.HasPrefix(r.URL.Path, "/refuse"):
			http.Error(w, "refused", http.StatusTeapot)
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// twin is a running program.
type twin struct {
	url     string
	gateway *gateway
}

// start builds and starts the program.
func start(t *testing.T, name string, flags ...string) *twin {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", slices.Concat([]string{"build", "-o", binary}, flags, []string{"./twin"})...) //nolint:gosec // With flags of the test.
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	p := &twin{gateway: startGateway(t)}
	program := exec.Command(binary, "-gateway", p.gateway.URL) //nolint:gosec // It was just built.
	stdin, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	program.Stderr = os.Stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := program.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not say where it listens: %v", name, err)
	}
	p.url = strings.TrimSpace(line)
	return p
}

// get sends a request and returns the response, with times and addresses masked.
func (p *twin) get(t *testing.T, r exchange) string {
	t.Helper()
	request, err := http.NewRequest(r.method, p.url+r.target, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range r.header {
		request.Header.Set(key, value)
	}
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := readable(t, resp.Header.Get("Content-Type"), body)
	text = strings.NewReplacer(p.url, "URL", p.gateway.URL, "GATEWAY").Replace(text)
	if resp.StatusCode >= http.StatusInternalServerError {
		resp.Header.Del("Vary") // Our responses have this header here, too.
	}
	return fmt.Sprintf("%d\nContent-Type: %s\nVary: %s\n\n%s", resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Values("Vary"), text)
}

// exchange is a request to both programs.
type exchange struct {
	method, target, body string
	header               map[string]string
}

// exchanges returns all requests in the order in which the test sends them.
func exchanges() []exchange {
	var all []exchange
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete, "BREW", "UNKNOWN"} {
		for _, path := range []string{"/served/ok", "/served/missing", "/served/flushed"} {
			for _, tenant := range []string{"", "acme"} {
				all = append(all, exchange{method, path, "0123456789", map[string]string{"X-Tenant": tenant, "User-Agent": "test"}})
			}
		}
	}
	for _, target := range []string{"/call?path=/served/ok", "/call?path=/served/missing", "/errors", "/testutil", "/push", "/broken", "/best-effort"} {
		all = append(all, exchange{http.MethodGet, target, "", nil})
	}
	for _, target := range []string{"/metrics", "/wrapped", "/default", "/default-for", "/metrics?name[]=latency_seconds&name[]=info"} {
		for _, accept := range []string{
			"text/plain;version=0.0.4",
			"text/plain;version=1.0.0;escaping=allow-utf-8",
			"application/openmetrics-text;version=1.0.0",
			"application/openmetrics-text;version=0.0.1;escaping=dots",
			"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
			"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8",
		} {
			all = append(all, exchange{http.MethodGet, target, "", map[string]string{"Accept": accept}})
		}
	}
	return all
}

// TestTwins builds the program against client_golang and against this library, and compares what both
// serve, push and report.
func TestTwins(t *testing.T) {
	overlay := rewritten(t)
	theirs := start(t, "theirs")
	ours := start(t, "ours", "-overlay", overlay)
	for _, r := range exchanges() {
		t.Run(fmt.Sprint(r.method, " ", r.target, " ", slices.Collect(maps.Values(r.header))), func(t *testing.T) {
			got, want := ours.get(t, r), theirs.get(t, r)
			if r.target == "/wrapped" {
				// client_golang's Gatherers drops units.
				got = unitLine.ReplaceAllString(got, "")
			}
			if r.target == "/errors" {
				got = inFewerWords(got, want)
			}
			sameLines(t, got, want)
		})
	}
	t.Run("pushed", func(t *testing.T) {
		if len(theirs.gateway.seen) < 5 {
			t.Errorf("there were only %d pushes", len(theirs.gateway.seen))
		}
		sameLines(t, strings.Join(ours.gateway.seen, "\n"), strings.Join(theirs.gateway.seen, "\n"))
	})
}

// inFewerWords replaces a line of got with the same line of want if our error contains their error and adds
// more, such as the name of the metric and the allowed values.
func inFewerWords(got, want string) string {
	lines, theirs := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(lines), len(theirs)) {
		what, text, ok := strings.Cut(strings.TrimSuffix(theirs[i], "]"), ": [")
		if rest, same := strings.CutPrefix(lines[i], what+": ["); ok && same && text != "" && strings.Contains(rest, text) {
			lines[i] = theirs[i]
		}
	}
	return strings.Join(lines, "\n")
}

// unitLine matches a unit in the text formats and in readable protobuf.
var unitLine = regexp.MustCompile(`(?m)^(# UNIT .*|unit: .*)\n`)

// sameLines reports the lines that differ between two texts.
func sameLines(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	differences := 0
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			t.Errorf("line %d is missing: %s", i+1, w[i])
		case i >= len(w):
			t.Errorf("line %d is one too many: %s", i+1, g[i])
		case g[i] != w[i]:
			t.Errorf("line %d: got\n%s\nwant\n%s", i+1, g[i], w[i])
		default:
			continue
		}
		if differences++; differences == 10 {
			t.Fatal("and more")
		}
	}
}
