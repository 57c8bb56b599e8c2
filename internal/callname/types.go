package callname

import (
	"path"
	"reflect"
	"runtime"
	"strings"
)

// ByType returns what people call a value by its type: package and type, without a star, or the
// function that it is. It returns "" if that says nothing, because the type has no name or
// is one of package metric.
func ByType(v any) string {
	if v == nil {
		return ""
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Func {
		return function(reflect.ValueOf(v).Pointer())
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == ours || strings.HasPrefix(t.PkgPath(), ours+"/internal/") {
		return ""
	}
	name, _, _ := strings.Cut(t.String(), "[") // The arguments of a generic type have slashes.
	return name
}

// ours is the path of package metric.
var ours = path.Dir(path.Dir(reflect.TypeFor[here]().PkgPath()))

type here struct{}

// function returns the package and name of the function at pc, or of the one that it is
// written in.
func function(pc uintptr) string {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return ""
	}
	full := f.Name()
	name := strings.ReplaceAll(full[strings.LastIndexByte(full, '/')+1:], "[...]", "")
	parts := strings.Split(strings.TrimSuffix(name, "-fm"), ".")
	for i, part := range parts {
		parts[i] = strings.Trim(part, "(*)")
	}
	for len(parts) > 1 && isCompilerMade(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, ".")
}

// isCompilerMade reports whether a part of the name of a function is not from its source, as
// in orders.New.func1.2 and orders.glob..func1.
func isCompilerMade(part string) bool {
	part, _, _ = strings.Cut(part, "-range")
	part = strings.TrimRight(part, "0123456789")
	return part == "" || part == "func" || part == "gowrap" || part == "glob" || part == "init"
}
