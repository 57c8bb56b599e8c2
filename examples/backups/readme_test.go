package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The README builds a program in steps. Its code blocks follow a convention:
//
//   - A go block after a paragraph that ends with "`name.go`:" is that file, and
//     replaces an earlier one of that name.
//   - Any other go block consists of statements for main, before its last line.
//   - A console block has commands that ask the program as it is then. What follows a
//     command is its output; if nothing does, the README says nothing about it.

// listenAddress is where the programs of the README listen.
const listenAddress = "127.0.0.1:8080"

// step is a state of the README's program, with what the README claims about it.
type step struct {
	line       int               // line of the last block in the README
	files      map[string]string // contents by name
	statements []string          // statements to insert into main
	claims     []claim
}

// claim is a command of the README, and the lines of its output.
type claim struct {
	command string
	lines   []string
}

var (
	fence    = regexp.MustCompile("^```([a-z]*)$")
	fileName = regexp.MustCompile("`([a-z]+\\.go)`:$")
)

// readmeSteps returns the states of the program, in order.
func readmeSteps(t *testing.T, readme string) []step {
	t.Helper()
	var (
		steps     []step
		files     = make(map[string]string)
		paragraph string
	)
	lines := strings.Split(readme, "\n")
	for i := 0; i < len(lines); i++ {
		opening := fence.FindStringSubmatch(lines[i])
		if opening == nil {
			if lines[i] != "" {
				paragraph = lines[i]
			}
			continue
		}
		length := slices.Index(lines[i+1:], "```")
		if length < 0 {
			t.Fatalf("README.md:%d: the block has no end", i+1)
		}
		block := lines[i+1 : i+1+length]
		number := i + 1
		i += length + 1
		switch opening[1] {
		case "go":
			next := step{line: number}
			if name := fileName.FindStringSubmatch(paragraph); name != nil {
				files[name[1]] = strings.Join(block, "\n") + "\n"
			} else {
				next.statements = block
			}
			next.files = maps.Clone(files)
			steps = append(steps, next)
		case "console":
			if len(steps) == 0 {
				t.Fatalf("README.md:%d: there is no program yet", number)
			}
			last := &steps[len(steps)-1]
			last.claims = append(last.claims, claims(block)...)
		}
		paragraph = ""
	}
	return steps
}

// claims returns the claims of a console block.
func claims(block []string) (all []claim) {
	for _, line := range block {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, claim{command: command})
		} else if n := len(all); n > 0 {
			all[n-1].lines = append(all[n-1].lines, line)
		}
	}
	return all
}

// TestReadme compiles each step of the README, in order, each in a separate module. If the README says what a
// step serves or prints, it also runs the step.
func TestReadme(t *testing.T) {
	steps := readmeSteps(t, read(t, filepath.Join("..", "..", "README.md")))
	if len(steps) < 3 || len(steps[0].claims) == 0 || !slices.ContainsFunc(steps[1:], func(s step) bool { return len(s.claims) > 0 }) {
		t.Fatalf("the README has %d steps, and too few claims", len(steps))
	}
	for _, name := range []string{"main.go", "backups.go"} {
		if got, want := steps[len(steps)-1].files[name], read(t, name); got != want {
			t.Errorf("%s in the README is not that of this folder, but\n%s", name, got)
		}
	}
	dir := newModule(t)
	for _, s := range steps {
		t.Run(fmt.Sprintf("line %d", s.line), func(t *testing.T) {
			address := freeAddress(t)
			s.vet(t, dir, address)
			if len(s.claims) > 0 { // Linking a program that does not run would only take time.
				run(t, dir, build(t, dir), address)
				s.check(t, address)
			}
		})
	}
}

// newModule returns the folder of a module that imports modules of this repository, as they are here. A
// workspace takes the place of requirements, because requirements would name versions.
func newModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go .*\n`).FindString(read(t, filepath.Join(root, "go.work")))
	module, workspace := t.TempDir(), t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example.com/backups\n\n"+version)
	write(t, filepath.Join(module, "go.sum"), "") // The README counts this file.
	write(t, filepath.Join(workspace, "go.work.sum"), read(t, filepath.Join(root, "go.work.sum")))
	work := version
	for _, dir := range []string{module, root, filepath.Join(root, "exporter"), filepath.Join(root, "otelmetric")} {
		work += "\nuse " + strconv.Quote(dir) + "\n"
	}
	write(t, filepath.Join(workspace, "go.work"), work)
	t.Setenv("GOWORK", filepath.Join(workspace, "go.work"))
	t.Setenv("GOFLAGS", "-mod=readonly")
	return module
}

// vet writes the files of a step, with another address to listen on, and runs go vet. It also reports code
// that does not compile.
func (s *step) vet(t *testing.T, dir, address string) {
	t.Helper()
	for name, text := range s.files {
		if name == "main.go" {
			if strings.Count(text, listenAddress) != 1 {
				t.Fatalf("the program does not listen on %s:\n%s", listenAddress, text)
			}
			text = withStatements(t, strings.Replace(text, listenAddress, address, 1), s.statements)
		}
		write(t, filepath.Join(dir, name), text)
	}
	goCommand(t, dir, "vet", ".")
}

// build builds the program in dir, and returns its path.
func build(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	goCommand(t, dir, "build", "-ldflags=-w", "-o", program, ".")
	return program
}

// packages are the packages that statements of the README may use in addition to the imports of main.go.
var packages = []string{
	"context", "log", "go.opentelemetry.io/otel",
	"github.com/luxfi/metric/otelmetric", "github.com/luxfi/metric/push/remotewrite",
}

// withStatements puts statements before the last line of main, the way a reader would.
// An editor adds the imports.
func withStatements(t *testing.T, program string, statements []string) string {
	t.Helper()
	if len(statements) == 0 {
		return program
	}
	for _, name := range packages {
		uses := func(line string) bool { return strings.Contains(line, path.Base(name)+".") }
		if slices.ContainsFunc(statements, uses) && !strings.Contains(program, `"`+name+`"`) {
			program = strings.Replace(program, "import (\n", "import (\n\t\""+name+"\"\n", 1)
		}
	}
	end := strings.LastIndex(program, "\tlog.Fatal(http.ListenAndServe(")
	if end < 0 {
		t.Fatalf("main does not end with ListenAndServe:\n%s", program)
	}
	return program[:end] + strings.Join(statements, "\n") + "\n" + program[end:]
}

// check compares what the program serves with the claims.
func (s *step) check(t *testing.T, address string) {
	t.Helper()
	for _, claim := range s.claims {
		body := claim.ask(t, address)
		if got := strings.Join(filtered(t, claim.command, body), "\n"); len(claim.lines) > 0 && got != strings.Join(claim.lines, "\n") {
			t.Errorf("$ %s\ngot\n%s\nof\n%s", claim.command, got, body)
		}
	}
}

// freeAddress returns an address without a listener.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	return listener.Addr().String()
}

// run runs the program in its folder until the test ends, and returns when it listens.
func run(t *testing.T, dir, program, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program)
	command.Dir = dir
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	exited := make(chan struct{})
	var exit error // Set when exited is closed.
	go func() {
		exit = command.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		cancel()
		<-exited
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-exited:
			t.Fatalf("the program has exited: %v\n%s", exit, output.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("the program does not listen on %s: %v", address, err)
		}
	}
}

// ask does what the command does, without its filters, and returns the body of the answer.
func (c *claim) ask(t *testing.T, address string) string {
	t.Helper()
	target := regexp.MustCompile(`http://[^\s']+`).FindString(c.command)
	if !strings.HasPrefix(c.command, "curl ") || !strings.Contains(target, listenAddress) {
		t.Fatalf("%q is not a curl command for %s", c.command, listenAddress)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(target, listenAddress, address, 1), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range regexp.MustCompile(`-H '([^:]+): ([^']+)'`).FindAllStringSubmatch(c.command, -1) {
		req.Header.Set(header[1], header[2])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("$ %s: status %d (%v): %s", c.command, resp.StatusCode, err, body)
	}
	return string(body)
}

// filtered returns the lines of a body that a command's grep lets through.
func filtered(t *testing.T, command, body string) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	_, filter, found := strings.Cut(command, " | ")
	if !found {
		return lines
	}
	grep := regexp.MustCompile(`^grep (?:-E )?'?([^']+)'?$`).FindStringSubmatch(filter)
	if grep == nil {
		t.Fatalf("%q is not a grep command", filter)
	}
	pattern := regexp.MustCompile(grep[1])
	return slices.DeleteFunc(lines, func(line string) bool { return !pattern.MatchString(line) })
}

// TestReadmeLines checks that the README is no wider than a reader's window.
func TestReadmeLines(t *testing.T) {
	for i, line := range strings.Split(read(t, filepath.Join("..", "..", "README.md")), "\n") {
		if width := len([]rune(strings.ReplaceAll(line, "\t", "    "))); width > 110 {
			t.Errorf("README.md:%d has %d characters", i+1, width)
		}
	}
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("there is no go command")
		}
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
