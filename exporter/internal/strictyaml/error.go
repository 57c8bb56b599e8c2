package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/internal/redact"
)

// Error is a problem at one position in a file.
//
// An UnmarshalYAML method may return an Error, or several joined ones, with empty File and Path:
// [Decode] fills them in.
type Error struct {
	File    string // empty if unknown
	Line    int    // counted from 1; 0 if unknown
	Path    string // keys that lead to the value, as in databases[0].dsn; empty for the document
	Message string // what is wrong, and what is allowed

	err error // result of Unwrap
}

// Error returns the file, the line, the path and the message, without parts that are not known.
func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	case e.File != "":
		b.WriteString(e.File + ": ")
	case e.Line > 0:
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Unwrap returns the error of the UnmarshalYAML method that caused e, or nil.
func (e *Error) Unwrap() error { return e.err }

// Errorf returns an error at a node. It formats as [fmt.Errorf] does.
func Errorf(n *yaml.Node, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Line: n.Line, Message: err.Error(), err: errors.Unwrap(err)}
}

// At returns err with path prepended to the paths of this package's errors in err, and with the file
// added to those that name no file. It is for programs that decode a part of a file on its own.
func At(file, path string, n *yaml.Node, err error) error {
	return join(located(file, path, n, err))
}

// join sorts errors by line and joins them. It returns nil for an empty list.
func join(list []*Error) error {
	slices.SortStableFunc(list, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	errs := make([]error, len(list))
	for i, e := range list {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// located returns the problems that err consists of. Decoding n caused err.
func located(file, path string, n *yaml.Node, err error) []*Error {
	switch e := err.(type) { //nolint:errorlint // Each error of a tree is examined on its own.
	case nil:
		return nil
	case *Error:
		at := *e
		at.File, at.Line = cmp.Or(e.File, file), cmp.Or(e.Line, n.Line)
		at.Path = joinPath(path, e.Path)
		return []*Error{&at}
	case *yaml.TypeError:
		var list []*Error
		for _, text := range e.Errors {
			list = append(list, located(file, path, n, fromYAML(text, n.Line))...)
		}
		return list
	case interface{ Unwrap() []error }:
		if !isJoin(err, e.Unwrap()) {
			break
		}
		var list []*Error
		for _, one := range e.Unwrap() {
			list = append(list, located(file, path, n, one)...)
		}
		return list
	}
	return []*Error{{File: file, Line: n.Line, Path: path, Message: strings.TrimPrefix(err.Error(), "yaml: "), err: err}}
}

// isJoin reports whether the text of err consists only of the texts of parts, as with errors.Join.
func isJoin(err error, parts []error) bool {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Error()
	}
	return err.Error() == strings.Join(texts, "\n")
}

// joinPath returns the path that consists of above and, relative to it, below.
func joinPath(above, below string) string {
	if above == "" || below == "" || below[0] == '[' {
		return above + below
	}
	return above + "." + below
}

var (
	lineOfYAML    = regexp.MustCompile(`^line (\d+): (?s:(.*))$`)
	wrongTypeYAML = regexp.MustCompile("^cannot unmarshal !!(\\w+)(?: `(?s:(.*))`)? into (.+)$")
	unknownYAML   = regexp.MustCompile(`^field (.*) not found in type .*$`)
	twiceYAML     = regexp.MustCompile(`^field (.*) already set in type .*$`)
)

// fromYAML translates an error of yaml.v3 into plain words. Such an error is only a text. An
// UnmarshalYAML method that calls Node.Decode returns such errors.
func fromYAML(text string, line int) *Error {
	if m := lineOfYAML.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			line, text = n, m[2]
		}
	}
	if m := wrongTypeYAML.FindStringSubmatch(text); m != nil {
		value := quote(m[2])
		switch m[1] {
		case "map":
			value = "a mapping"
		case "seq":
			value = "a list"
		}
		text = fmt.Sprintf("%s is not %s", value, typeName(m[3]))
	} else if m := unknownYAML.FindStringSubmatch(text); m != nil {
		return &Error{Line: line, Path: element(m[1]), Message: "unknown key"}
	} else if m := twiceYAML.FindStringSubmatch(text); m != nil {
		return &Error{Line: line, Path: element(m[1]), Message: "the key occurs twice"}
	}
	return &Error{Line: line, Message: text}
}

// typeName describes in plain words the values of the Go type called name.
func typeName(name string) string {
	switch {
	case name == "time.Duration":
		return "a duration"
	case name == "time.Time":
		return "a time"
	case strings.HasPrefix(name, "[]"):
		return "a list"
	case strings.HasPrefix(name, "map["):
		return "a mapping"
	case name == "string":
		return "a string"
	case name == "bool":
		return "true or false"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"):
		return "an integer"
	case strings.HasPrefix(name, "float"):
		return "a number"
	default:
		return "of the type that is needed here"
	}
}

// quote quotes a value for a message. It shortens long values and hides credentials.
func quote(value string) string {
	const limit = 60
	value = redact.Text(value)
	if len(value) > limit {
		value = strings.ToValidUTF8(value[:limit], "") + "…"
	}
	return strconv.Quote(value)
}

// describe describes a node for a message.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		if n.ShortTag() == nullTag {
			return "empty"
		}
		return quote(n.Value)
	}
}
