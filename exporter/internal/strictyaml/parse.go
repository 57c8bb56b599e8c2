package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Parse returns the root of the only document in data, or nil if the document is empty. File is the name
// for errors and for [Dir]. Parse does not read the file.
func Parse(file string, data []byte) (*yaml.Node, error) {
	if err := checkText(data); err != nil {
		return nil, join(located(file, "", &yaml.Node{}, err))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // An empty file is valid, and has no root.
		}
		return nil, syntaxError(file, data, err)
	}
	if err := decoder.Decode(&second); err == nil {
		return nil, &Error{File: file, Line: max(1, min(second.Line, lines(data))), Message: "there is more than one document; only one is allowed"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(file, data, err)
	}
	if len(document.Content) != 1 {
		return nil, nil //nolint:nilnil // As above.
	}
	root := document.Content[0]
	if err := bounded(root); err != nil {
		return nil, join(located(file, "", root, err))
	}
	if root.ShortTag() == nullTag {
		return nil, nil //nolint:nilnil // The file has only comments, or "---".
	}
	if file != "" {
		setDir(root, filepath.Dir(file))
	}
	return root, nil
}

// setDir stores the file's directory in each mapping of a document, in the field Value. That field has
// no meaning for mappings, and yaml.v3 ignores it. This way the directory reaches UnmarshalYAML methods
// through any number of intermediate calls.
func setDir(n *yaml.Node, dir string) {
	if n.Kind == yaml.MappingNode {
		n.Value = dir
	}
	for _, child := range n.Content {
		setDir(child, dir)
	}
}

// Dir returns the directory of the file that a mapping comes from. It returns "" if [Parse] did not
// parse the mapping.
func Dir(mapping *yaml.Node) string {
	if mapping.Kind != yaml.MappingNode {
		return ""
	}
	return mapping.Value
}

// checkText returns an error if data is not text. yaml.v3 would report that without a line.
func checkText(data []byte) error {
	line := 1
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return &Error{Line: line, Message: "the text is not UTF-8"}
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f, r >= 0x80 && r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			return &Error{Line: line, Message: "the text has a control character, " + strconv.QuoteRune(r)}
		}
		rest = rest[size:]
	}
	return nil
}

var (
	syntaxYAML = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)
	anchorYAML = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError adds the line to an error of the parser. Such an error is only a text.
func syntaxError(file string, data []byte, err error) error {
	m := syntaxYAML.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{File: file, Line: 1, Message: err.Error(), err: err}
	}
	line, _ := strconv.Atoi(m[1]) // The parser omits line 1, which is 0 here.
	message := m[2]
	if strings.HasPrefix(message, "did not find expected") {
		line++ // The parser counts from 0, the scanner from 1.
	}
	if strings.HasPrefix(message, "did not find expected ',' or") || strings.HasPrefix(message, "did not find expected '-'") {
		message += " in what begins here"
	}
	if a := anchorYAML.FindStringSubmatch(message); a != nil {
		line = lineOf(data, "*"+a[1])
		message = "there is no anchor before this alias; a text that begins with * must be in quotes" // The alias may be a secret.
	}
	line = min(max(line, 1), lines(data))
	if tabbed := tabAt(data, line); tabbed > 0 {
		line, message = tabbed, message+"; indent with blanks, not tabs"
	}
	return &Error{File: file, Line: line, Message: "not valid YAML: " + message}
}

// tabAt returns the number of the given line or the one after it if it is indented with a tab, or 0.
func tabAt(data []byte, line int) int {
	for i, text := range bytes.Split(data, []byte("\n")) {
		indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
		if i+1 >= line && i <= line && bytes.IndexByte(indent, '\t') >= 0 && len(indent) < len(text) {
			return i + 1
		}
	}
	return 0
}

// lineOf returns the number of the first line that contains text, or 1.
func lineOf(data []byte, text string) int {
	before, _, found := bytes.Cut(data, []byte(text))
	if !found {
		return 1
	}
	return cmp.Or(1+bytes.Count(before, []byte("\n")), 1)
}

// lines returns the number of lines in data.
func lines(data []byte) int {
	return max(1, bytes.Count(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))+1)
}
