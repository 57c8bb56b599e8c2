package labelstruct

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
)

// checkName returns an error if a field cannot be the label with the given name.
func (c *compiler) checkName(name string) error {
	for i := range c.plan.Fields {
		if f := &c.plan.Fields[i]; f.Name == name {
			return fmt.Errorf("is the label %q, and so is field %s: each label needs a name of its own", name, f.Path)
		}
	}
	switch {
	case !model.UTF8Validation.IsValidLabelName(name):
		return fmt.Errorf("is the label %q: a label name is UTF-8 and not empty", name)
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("is the label %q: names that begin with __ are reserved", name)
	case slices.Contains(c.reserved, name):
		return fmt.Errorf("is the label %q: that name is reserved for the metric's own samples", name)
	}
	return nil
}

// snakeCase converts a Go name to snake case. A word begins with an upper-case letter after a
// lower-case letter or a digit, or with the last of several upper-case letters before a lower-case
// letter: HTTPMethod becomes http_method, and UserID becomes user_id.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			afterWord := !unicode.IsUpper(runes[i-1])
			beforeWord := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterWord || beforeWord {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
