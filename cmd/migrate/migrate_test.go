package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/txtar"

	"github.com/luxfi/metric/cmd/migrate/internal/migrate"
)

// TestMain disables the network. The tests need none, because their programs require only modules that the
// library itself requires.
func TestMain(m *testing.M) {
	for key, value := range map[string]string{"GOPROXY": "off", "GOSUMDB": "off", "GOWORK": "off", "GOFLAGS": "-mod=mod -buildvcs=false"} {
		if err := os.Setenv(key, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// program is a module that uses client_golang, in a temporary folder.
type program struct {
	dir   string
	flags []string
	want  []string // lines such as "file: text" about the migrated files and the report
}

// unpack writes a program from testdata, and the library beside it.
func unpack(t *testing.T, archive string) *program {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	extract(t, "testdata/lib.txtar", filepath.Join(dir, "lib"))
	p := &program{dir: filepath.Join(dir, "app")}
	for name, text := range extract(t, archive, p.dir) {
		switch name {
		case "want":
			p.want = strings.Split(strings.TrimSpace(text), "\n")
		case "flags":
			p.flags = strings.Fields(strings.ReplaceAll(text, "HOST", runtime.GOOS+"/"+runtime.GOARCH))
		}
	}
	p.require(t)
	return p
}

// extract writes the files in an archive, and returns those that are meant for the test.
func extract(t *testing.T, archive, dir string) map[string]string {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	special := make(map[string]string)
	for _, f := range a.Files {
		if !strings.Contains(f.Name, ".") {
			special[f.Name] = string(f.Data)
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return special
}

// require writes a go.mod with the library's requirements.
func (p *program) require(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	root, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	mod := &bytes.Buffer{}
	fmt.Fprintf(mod, "module example.com/app\n\ngo %s\n\nreplace example.com/lib => ../lib\n\nrequire example.com/lib v0.0.0\n", root.Go.Version)
	for _, r := range root.Require {
		if r.Mod.Path == "go.yaml.in/yaml/v3" {
			continue // Only relabel and remote need it, and the programs here import neither.
		}
		fmt.Fprintf(mod, "require %s %s\n", r.Mod.Path, r.Mod.Version)
	}
	sum, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"go.mod": mod.Bytes(), "go.sum": sum} {
		if err := os.WriteFile(filepath.Join(p.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.goRun(t, "mod", "tidy")
}

// goRun runs the go command.
func (p *program) goRun(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "PWD="+p.dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// migrate runs the command, checks its exit code, and returns its report.
func (p *program) migrate(t *testing.T, code int, flags ...string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Concat(flags, p.flags)
	if !slices.Contains(flags, "-revert") {
		args = append(args, "-replace", root)
	}
	var stdout, stderr bytes.Buffer
	got := migrate.Main(context.Background(), append(args, p.dir+"/..."), &stdout, &stderr)
	if got != code {
		t.Fatalf("migrate %v ends with %d, want %d\n%s%s", args, got, code, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// files returns the files of the module by name, without go.sum.
func (p *program) files(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(p.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "go.sum" {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(p.dir, path) // Both are absolute.
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// output compiles the files that need build tags, including tests, and runs the program if there is a main
// package. The migration and go test compile everything else.
func (p *program) output(t *testing.T) string {
	t.Helper()
	for i, flag := range p.flags {
		if flag == "-tags" {
			p.goRun(t, "vet", "-unusedresult", "-tags", p.flags[i+1], "./...") // A single analyzer is enough.
		}
	}
	if text, err := os.ReadFile(filepath.Join(p.dir, "app.go")); err != nil || !bytes.HasPrefix(text, []byte("package main\n")) {
		return ""
	}
	return p.goRun(t, "run", ".")
}

// TestPrograms migrates each program, builds it, runs it, and reverts the migration. It also migrates one
// program without writing, and twice. Doing that for all of them would double the time of the tests.
func TestPrograms(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		if name == "lib" || strings.HasPrefix(name, "left") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testProgram(t, unpack(t, archive), name == "bridges")
		})
	}
}

func testProgram(t *testing.T, p *program, thoroughly bool) {
	before, printed := p.files(t), p.output(t)
	if thoroughly {
		testDryRun(t, p, before)
	}
	report := p.migrate(t, 0)
	migrated := p.files(t)
	for _, line := range p.want {
		file, text, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%q is not of the form file: text", line)
		}
		where := migrated[file]
		if file == "report" {
			where = report
		}
		if !strings.Contains(where, text) {
			t.Errorf("%s lacks %q:\n%s", file, text, where)
		}
	}
	if got := p.output(t); got != printed {
		t.Errorf("after the migration, the program prints\n%s\nand before\n%s", got, printed)
	}

	p.goRun(t, "test", "-vet=off", "./...")

	if thoroughly {
		if again := p.migrate(t, 0); !strings.HasPrefix(again, "Nothing to do") {
			t.Errorf("a second migration says\n%s", again)
		}
		sameFiles(t, p.files(t), migrated)
	}

	if report := p.migrate(t, 0, "-revert"); !strings.Contains(report, "raised in go.mod stay") {
		t.Errorf("the report of the way back is\n%s", report)
	}
	sameFiles(t, p.files(t), before) // so that the program compiles again
}

func testDryRun(t *testing.T, p *program, before map[string]string) {
	t.Helper()
	dry := p.migrate(t, 0, "-n")
	if !maps.Equal(p.files(t), before) {
		t.Fatal("-n has changed something")
	}
	if !strings.Contains(dry, `+	prometheus "github.com/luxfi/metric"`) {
		t.Errorf("-n prints\n%s", dry)
	}
}

func sameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the files are %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
