package rewrite

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// kept matches the names under which a migration imports packages of client_golang. Such an import is a
// deliberate use of client_golang, and stays in every later migration.
var kept = regexp.MustCompile(`^client(prom|promauto|promhttp|zstd|collectors|version|push|graphite|testutil|promlint|validations)\d*$`)

// keptName returns the name for an import of a package of client_golang.
func keptName(below string) string {
	if below == "" {
		return "clientprom"
	}
	return "client" + below[strings.LastIndexByte(below, '/')+1:]
}

// importPath returns the path of an import.
func importPath(spec *ast.ImportSpec) string {
	path, _ := strconv.Unquote(spec.Path.Value) // The parser has checked it.
	return path
}

// moveImports returns the change that turns a file's imports of one library into imports of the other,
// and the number of these imports.
func moveImports(f *source.File, revert bool) (*source.Change, int, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, f.Path, f.Text, parser.ImportsOnly)
	if err != nil {
		return nil, 0, err
	}
	from, to := load.ClientRoot, load.Root
	if revert {
		from, to = to, from
	}
	c := &source.Change{}
	n := 0
	for _, spec := range tree.Imports {
		below, ok := strings.CutPrefix(importPath(spec), from)
		if !ok || !isShared(below) || !revert && spec.Name != nil && kept.MatchString(spec.Name.Name) {
			continue
		}
		n++
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name + " "
		}
		if below == "" {
			name = rootName(spec, revert)
		}
		start := fset.Position(spec.Pos()).Offset
		c.Replace(f, start, fset.Position(spec.Path.End()).Offset, name+strconv.Quote(to+below))
	}
	return c, n, nil
}

// rootName returns the name, followed by a space, for an import of the root package, because the package
// has another name in the other library.
func rootName(spec *ast.ImportSpec, revert bool) string {
	switch {
	case spec.Name == nil && revert:
		return "metric "
	case spec.Name == nil:
		return "prometheus "
	case spec.Name.Name == "prometheus" && revert:
		return ""
	}
	return spec.Name.Name + " "
}
