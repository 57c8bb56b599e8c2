package strictyaml

import (
	"strconv"
	"strings"
)

// path is the position of a value in a document. The nil path is the document itself.
type path struct {
	above *path  // position of the mapping or list that contains the value
	key   string // key in a mapping
	index int    // index in a list, or -1
}

func (p *path) at(key string) *path { return &path{p, key, -1} }

func (p *path) item(index int) *path { return &path{p, "", index} }

func (p *path) String() string {
	if p == nil {
		return ""
	}
	if p.index >= 0 {
		return p.above.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return joinPath(p.above.String(), element(p.key))
}

// element returns a key in the form for a path: in quotes if it would be ambiguous without them.
func element(key string) string {
	const limit = 100
	if len(key) > limit {
		key = strings.ToValidUTF8(key[:limit], "") + "…"
	}
	plain := func(r rune) bool {
		return r == '_' || r == '-' || r == '/' || r == '*' || r == '…' ||
			r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return !plain(r) }) {
		return strconv.Quote(key)
	}
	return key
}
