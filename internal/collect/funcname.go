package collect

import (
	"runtime"
	"strings"
)

// FunctionName returns the package and name of the function at pc, or of the one that it is
// written in.
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

// isCompilerMade reports whether a part of the name of a function is not from its source, as
// in orders.New.func1.2 and orders.glob..func1.
func isCompilerMade(part string) bool {
	part, _, _ = strings.Cut(part, "-range")
	part = strings.TrimRight(part, "0123456789")
	return part == "" || part == "func" || part == "gowrap" || part == "glob" || part == "init"
}
