// Package source holds the files of a module while they are being changed.
package source

import (
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"os"
	"regexp"
	"slices"
	"strings"
)

// A File is a Go file with its changes.
type File struct {
	Path     string
	Original []byte
	Text     []byte // the text with all applied changes, not formatted

	edits []Edit // of the current batch
	marks []*Mark
}

// Read reads a file.
func Read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &File{Path: path, Original: text, Text: text}, nil
}

// Changed reports whether the text differs from the original.
func (f *File) Changed() bool { return !bytes.Equal(f.Text, f.Original) }

// Formatted returns the text as gofmt formats it. It returns the text of an unchanged file as it is.
func (f *File) Formatted() ([]byte, error) {
	if !f.Changed() {
		return f.Original, nil
	}
	text, err := format.Source(f.Text)
	if err != nil {
		return nil, fmt.Errorf("formatting %s: %w", f.Path, err)
	}
	return text, nil
}

// A Mark is a position in a file that moves with the text around it.
type Mark struct {
	File   *File
	offset int
}

// Mark returns a mark at an offset in the current text.
func (f *File) Mark(offset int) *Mark {
	m := &Mark{f, offset}
	f.marks = append(f.marks, m)
	return m
}

// Line returns the number of the mark's line in the current text.
func (m *Mark) Line() int {
	return 1 + strings.Count(string(m.File.Text[:min(m.offset, len(m.File.Text))]), "\n")
}

// An Edit replaces the bytes from From up to To by Text.
type Edit struct {
	From, To int
	Text     string
}

// A Change is a set of edits, in one or several files, that belong together.
type Change struct {
	files []*File
	edits []Edit // edits[i] is one of files[i]
}

// Replace adds an edit. It ignores an edit that the change already has.
func (c *Change) Replace(f *File, from, to int, text string) {
	e := Edit{from, to, text}
	for i := range c.edits {
		if c.files[i] == f && c.edits[i] == e {
			return
		}
	}
	c.files = append(c.files, f)
	c.edits = append(c.edits, e)
}

// Insert adds an insertion.
func (c *Change) Insert(f *File, at int, text string) { c.Replace(f, at, at, text) }

// Len returns the number of edits.
func (c *Change) Len() int { return len(c.edits) }

// Truncate removes all edits but the first n.
func (c *Change) Truncate(n int) { c.files, c.edits = c.files[:n], c.edits[:n] }

// Files returns the files that the change edits.
func (c *Change) Files() []*File {
	files := slices.Clone(c.files)
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	return slices.Compact(files)
}

// A Batch collects changes to texts that have not changed since they were parsed.
type Batch struct{ files map[*File]bool }

// Empty reports whether no change was added.
func (b *Batch) Empty() bool { return len(b.files) == 0 }

// Outcome is the result of [Batch.Add].
type Outcome int

// The outcomes.
const (
	Added    Outcome = iota
	Known            // The batch already has all its edits.
	Deferred         // It touches the edits of another change; try again after Apply.
)

// Add adds a change to the batch if it is compatible with the changes that the batch has.
func (b *Batch) Add(c *Change) Outcome {
	known := 0
	for i, f := range c.files {
		for _, e := range f.edits {
			if e == c.edits[i] {
				known++
			} else if overlap(e, c.edits[i]) {
				return Deferred
			}
		}
	}
	if known == len(c.edits) {
		return Known
	}
	if b.files == nil {
		b.files = make(map[*File]bool)
	}
	for i, f := range c.files {
		if !slices.Contains(f.edits, c.edits[i]) {
			f.edits = append(f.edits, c.edits[i])
		}
		b.files[f] = true
	}
	return Added
}

// overlap reports whether two edits meet. Insertions at the same place meet, because their order would
// be arbitrary.
func overlap(a, b Edit) bool {
	if a.From == a.To && b.From == b.To {
		return a.From == b.From
	}
	return a.From < b.To && b.From < a.To || a.From == a.To && b.From < a.From && a.From < b.To
}

// Apply changes the texts, and returns the changed files.
func (b *Batch) Apply() []*File {
	var changed []*File
	for f := range b.files {
		f.apply()
		changed = append(changed, f)
	}
	b.files = nil
	return changed
}

func (f *File) apply() {
	slices.SortStableFunc(f.edits, func(a, b Edit) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	var text []byte
	at := 0
	moved := make([]int, len(f.marks))
	for _, e := range f.edits {
		text = append(append(text, f.Text[at:e.From]...), e.Text...)
		at = e.To
		for i, m := range f.marks {
			if m.offset >= e.To {
				moved[i] += len(e.Text) - (e.To - e.From)
			}
		}
	}
	f.Text = append(text, f.Text[at:]...)
	for i, m := range f.marks {
		m.offset += moved[i]
	}
	f.edits = nil
}

// generated matches the line that marks a generated file.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// Generated reports whether the file says that it is generated.
func (f *File) Generated() bool { return generated.Match(f.Original) }
