package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/order"
)

// Labels is the label set of one series in its canonical rendering: sorted by name, as in
//
//	code="200",method="GET"
//
// The rendering escapes \, " and newline in values, and quotes names that are not valid in the classic
// data model. Two label sets are equal exactly if their renderings are equal. Compare Text and use it
// as a map key (after Keep) rather than the struct, which also records where the text lies. The text
// formats copy the rendering to their output.
//
// The zero value is the empty label set.
type Labels struct {
	text     string
	quoted   bool // at least one name is in quotes
	volatile bool // The text lies in memory that will be reused; see Keep.
}

// Label is an unescaped name and value.
type Label struct {
	Name, Value string
}

// NewLabels renders labels. It sorts them in place and copies the strings. The error names the invalid
// label: its name is empty, reserved, not UTF-8 or a duplicate, or its value is not UTF-8.
func NewLabels(labels []Label) (Labels, error) {
	if len(labels) == 0 {
		return Labels{}, nil
	}
	size := 0
	for i := range labels {
		size += len(labels[i].Name) + len(labels[i].Value) + len(`="",`)
	}
	_, l, err := AppendLabels(make([]byte, 0, size), labels)
	if err != nil {
		return Labels{}, err
	}
	l.volatile = false // The buffer is used only by these labels.
	return l, nil
}

// AppendLabels is like [NewLabels], but renders into buf. The labels are volatile: they lie in the
// returned buffer. If it fails, it returns buf unchanged.
func AppendLabels(buf []byte, labels []Label) ([]byte, Labels, error) {
	if !slices.IsSortedFunc(labels, compareNames) {
		order.By(labels, compareNames)
	}
	var (
		start  = len(buf)
		quoted bool
	)
	for i := range labels {
		name, value := labels[i].Name, labels[i].Value
		if err := checkLabel(name, value); err != nil {
			return buf[:start], Labels{}, err
		}
		if i > 0 {
			if name == labels[i-1].Name {
				return buf[:start], Labels{}, fmt.Errorf("two or more labels with the same name: %s", name)
			}
			buf = append(buf, ',')
		}
		var inQuotes bool
		buf, inQuotes = appendNameOf(buf, name)
		quoted = quoted || inQuotes
		buf = AppendEscaped(buf, value)
		buf = append(buf, '"')
	}
	return buf, VolatileLabels(buf[start:], quoted), nil
}

func compareNames(a, b Label) int { return cmp.Compare(a.Name, b.Name) }

var errEmptyLabelName = errors.New("a label with an invalid name: it is empty")

func checkLabel(name, value string) error {
	switch {
	case name == "":
		return errEmptyLabelName
	case !isReadable(name):
		return fmt.Errorf("a label with an invalid name: %w", CheckName(name))
	case strings.HasPrefix(name, model.ReservedLabelPrefix):
		return fmt.Errorf("a label with an invalid name: %s (the prefix %q is reserved)", name, model.ReservedLabelPrefix)
	case !utf8.ValidString(value):
		return fmt.Errorf("a label named %q whose value is not utf8: %q", name, value)
	}
	return nil
}

// CheckName returns an error that says why Prometheus cannot read the name of a metric or label, or nil
// if it can. It does not check the additional rules for label names.
func CheckName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return fmt.Errorf("%q is not UTF-8", name)
	case !isReadable(name):
		return fmt.Errorf("%q contains a NUL byte, which no parser accepts in a name", name)
	}
	return nil
}

// isReadable reports whether [CheckName] accepts name. Label values and help may contain a NUL byte,
// but in a name, quoted or not, it ends the text for Prometheus' parsers.
func isReadable(name string) bool {
	return utf8.ValidString(name) && strings.IndexByte(name, 0) < 0
}

// RawLabels wraps text that is already a canonical rendering. quoted states whether it contains a name
// in quotes.
func RawLabels(text string, quoted bool) Labels { return Labels{text: text, quoted: quoted} }

// Text returns the canonical rendering of l.
func (l Labels) Text() string { return l.text }

// Quoted reports whether at least one name is invalid in the classic data model and therefore quoted in
// the rendering.
func (l Labels) Quoted() bool { return l.quoted }

// IsEmpty reports whether l has no labels.
func (l Labels) IsEmpty() bool { return l.text == "" }

// VolatileLabels is [RawLabels] for a text that lies in buf. The result is valid only until buf is
// overwritten. Callers that need it longer call [Labels.Keep].
func VolatileLabels(buf []byte, quoted bool) Labels {
	return Labels{text: unsafe.String(unsafe.SliceData(buf), len(buf)), quoted: quoted, volatile: true}
}

// Keep returns labels that stay valid: l itself, or a copy if l is volatile.
func (l Labels) Keep() Labels {
	if !l.volatile {
		return l
	}
	return Labels{text: strings.Clone(l.text), quoted: l.quoted}
}

// LiesIn reports whether the text lies in the memory of buf and so changes when buf is overwritten.
func (l Labels) LiesIn(buf []byte) bool {
	if l.text == "" || cap(buf) == 0 {
		return false
	}
	text, start := uintptr(unsafe.Pointer(unsafe.StringData(l.text))), uintptr(unsafe.Pointer(unsafe.SliceData(buf)))
	return start <= text && text < start+uintptr(cap(buf))
}

// Texts allocates memory for the texts of many label sets. The zero value is ready to use.
type Texts struct {
	// Expected is the probable number of label sets.
	Expected int
	// MaxChunk limits the bytes allocated at once, unless a single text needs more. Zero means 8 KiB. A
	// reference to one text keeps its whole chunk in memory.
	MaxChunk int

	free []byte
	size int
}

// Hold returns labels that stay valid until [Texts.Reset]: l itself, or a copy if l is volatile.
func (t *Texts) Hold(l Labels) Labels {
	const minSize = 128
	if !l.volatile {
		return l
	}
	if cap(t.free)-len(t.free) < len(l.text) {
		if t.size == 0 {
			t.size = t.Expected * (len(l.text) + len(l.text)/8) / 2
		}
		t.size = max(min(max(2*t.size, minSize), t.maxChunk()), len(l.text))
		t.free = make([]byte, 0, t.size)
	}
	start := len(t.free)
	t.free = append(t.free, l.text...)
	return VolatileLabels(t.free[start:], l.quoted)
}

// Keep is [Labels.Keep] with the copy stored in t. Reset must not be called on such a t.
func (t *Texts) Keep(l Labels) Labels {
	l = t.Hold(l)
	l.volatile = false
	return l
}

// Reset makes the memory of t available for reuse, or frees it if it is large. It invalidates all
// labels that [Texts.Hold] returned.
func (t *Texts) Reset() {
	if cap(t.free) > t.maxChunk() {
		t.free = nil
	}
	t.free, t.size = t.free[:0], 0
}

func (t *Texts) maxChunk() int { return cmp.Or(t.MaxChunk, 8<<10) }

// Cursor iterates over the labels of a set:
//
//	for c := labels.Cursor(); c.Next(); {
//		use(c.Name, c.RawValue)
//	}
type Cursor struct {
	Name     string
	RawValue string // still escaped; see Value
	rest     string
}

// Cursor returns a cursor positioned before the first label.
func (l Labels) Cursor() Cursor { return Cursor{rest: l.text} }

// Next advances to the next label and reports whether there is one.
func (c *Cursor) Next() bool {
	if c.rest == "" {
		return false
	}
	rest := c.rest
	if rest[0] == '"' {
		end := closingQuote(rest, 1)
		c.Name = Unescape(rest[1:end])
		rest = rest[end+1:]
	} else {
		end := strings.IndexByte(rest, '=')
		c.Name = rest[:end]
		rest = rest[end:]
	}
	end := closingQuote(rest, len(`="`))
	c.RawValue = rest[len(`="`):end]
	rest = rest[end+1:]
	if rest != "" {
		rest = rest[1:] // Skip the comma.
	}
	c.rest = rest
	return true
}

// Value returns the unescaped value of the current label.
func (c *Cursor) Value() string { return Unescape(c.RawValue) }

// closingQuote returns the index of the first unescaped quote in s at or after start.
func closingQuote(s string, start int) int {
	for i := start; ; {
		i += strings.IndexByte(s[i:], '"')
		escapes := 0
		for i-1-escapes >= start && s[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
		i++
	}
}

// List returns the labels, unescaped and sorted by name.
func (l Labels) List() []Label {
	if l.text == "" {
		return nil
	}
	labels := make([]Label, 0, 1+strings.Count(l.text, `",`))
	for c := l.Cursor(); c.Next(); {
		labels = append(labels, Label{c.Name, c.Value()})
	}
	return labels
}

// Has reports whether l has a label with the given name.
func (l Labels) Has(name string) bool {
	for c := l.Cursor(); c.Next(); {
		if c.Name == name {
			return true
		}
	}
	return false
}

// CompareLabels orders the series of a family: fewer labels first, then by the label values in the
// order of the label names.
func CompareLabels(a, b Labels) int {
	ca, cb := a.Cursor(), b.Cursor()
	order := 0
	for {
		moreA, moreB := ca.Next(), cb.Next()
		switch {
		case !moreA && !moreB && order != 0:
			return order
		case !moreA && !moreB:
			return cmp.Compare(a.text, b.text) // At most the names differ.
		case !moreA:
			return -1
		case !moreB:
			return +1
		case order == 0 && ca.RawValue != cb.RawValue:
			order = cmp.Compare(ca.Value(), cb.Value())
		}
	}
}

// ComparePoints orders the points of a family by labels and then by explicit timestamp. Points without
// a timestamp come last.
func ComparePoints(a, b *Point) int {
	if order := CompareLabels(a.Labels, b.Labels); order != 0 {
		return order
	}
	return CompareTimestamps(a, b)
}

// CompareTimestamps is [ComparePoints] for points with the same labels.
func CompareTimestamps(a, b *Point) int {
	switch {
	case a.HasTimestamp && b.HasTimestamp:
		return cmp.Compare(a.TimestampMs, b.TimestampMs)
	case a.HasTimestamp:
		return -1
	case b.HasTimestamp:
		return +1
	}
	return 0
}

// AppendMerged renders l together with extra, which must be sorted by name, into buf. The result is
// volatile: it lies in the returned buffer. l must not lie in buf. AppendMerged returns an error if l
// already has a label of extra.
func AppendMerged(buf []byte, l Labels, extra []Label) ([]byte, Labels, error) {
	start := len(buf)
	quoted := l.quoted
	c := l.Cursor()
	more := c.Next()
	for more || len(extra) > 0 {
		if len(buf) > start {
			buf = append(buf, ',')
		}
		if more && (len(extra) == 0 || c.Name < extra[0].Name) {
			buf, _ = appendNameOf(buf, c.Name)
			buf = append(buf, c.RawValue...)
			more = c.Next()
		} else {
			e := &extra[0]
			if more && c.Name == e.Name {
				return buf[:start], Labels{}, fmt.Errorf("label %q exists already, with value %q", e.Name, c.Value())
			}
			var inQuotes bool
			buf, inQuotes = appendNameOf(buf, e.Name)
			quoted = quoted || inQuotes
			buf = AppendEscaped(buf, e.Value)
			extra = extra[1:]
		}
		buf = append(buf, '"')
	}
	return buf, VolatileLabels(buf[start:], quoted), nil
}

// appendNameOf appends the text that precedes the value of a label, and reports whether the name is in
// quotes.
func appendNameOf(buf []byte, name string) ([]byte, bool) {
	buf = AppendLabelName(buf, name)
	quoted := buf[len(buf)-1] == '"'
	return append(buf, '=', '"'), quoted
}
