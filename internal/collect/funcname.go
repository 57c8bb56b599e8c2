package collect

import (
	"runtime"
	"strings"
)

// FunctionName returns the package and name of the function at pc. For a closure, it returns the package and
// name of the function that contains it.
func FunctionName(pc uintptr) string {
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

// isCompilerMade reports whether the compiler has added a part to the name of a function, as in
// orders.New.func1.2 and orders.glob..func1.
func isCompilerMade(part string) bool {
	part, _, _ = strings.Cut(part, "-range")
	part = strings.TrimRight(part, "0123456789")
	return part == "" || part == "func" || part == "gowrap" || part == "glob" || part == "init"
}
