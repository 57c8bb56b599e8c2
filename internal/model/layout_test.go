package model_test

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// volatile returns a string that lies in buffer, as strings of some callers do.
func volatile(buffer []byte) string { return unsafe.String(&buffer[0], len(buffer)) }

// layouts are all possible shapes of a layout, with their numbers of values.
var layouts = map[string]struct {
	constant []model.Label
	names    []string
}{
	"nothing":          {nil, nil},
	"constant only":    {list("b", `"1"`, "a", "2"), nil},
	"one":              {nil, []string{"a"}},
	"two":              {nil, []string{"a", "b"}},
	"two unsorted":     {nil, []string{"b", "a"}},
	"constant first":   {list("a", "1", "b", `\`), []string{"d", "c"}},
	"constant last":    {list("d", "1", "c", "\n"), []string{"b", "a"}},
	"constant between": {list("b", `",c="`), []string{"c", "a"}},
	"quoted names":     {list("b.", "1"), []string{"c.", "a", `d"`}},
}

// fill returns n values for a layout, chosen from texts.
func fill(n, i, j int) []string {
	values := make([]string, n)
	for k := range values {
		values[k] = texts[[]int{i, j}[k%2]]
	}
	return values
}

// render renders labels without a layout.
func render(constant []model.Label, names, values []string) (model.Labels, error) {
	labels := slices.Clone(constant)
	for i, name := range names {
		labels = append(labels, model.Label{Name: name, Value: values[i]})
	}
	return model.NewLabels(labels)
}

// checkLayout checks that the layout renders values as NewLabels does, that it matches the result with
// these values, and that it does not match it with other values.
func checkLayout(t *testing.T, constant []model.Label, names []string, values, others []string) {
	t.Helper()
	want, err := render(constant, names, values)
	if err != nil {
		t.Fatal(err)
	}
	layout := model.NewLayout(constant, names)
	l := layout.Render(values)
	if l != want {
		t.Errorf("%q is rendered as %s (quoted: %v), want %s (quoted: %v)", values, l.Text(), l.Quoted(), want.Text(), want.Quoted())
	}
	if got := layout.Values(l); !slices.Equal(got, values) {
		t.Errorf("the values of %s are %q, want %q", l.Text(), got, values)
	}
	size, escaped := layout.Size(values)
	if size != len(l.Text()) {
		t.Errorf("the size of %s is said to be %d", l.Text(), size)
	}
	if !layout.Match(l.Text(), escaped, values) {
		t.Errorf("%s does not match %q", l.Text(), values)
	}
	if got, want := layout.Match(l.Text(), escaped, others), slices.Equal(values, others); got != want {
		t.Errorf("%s matches %q: %v", l.Text(), others, got)
	}
}

func TestLayout(t *testing.T) {
	for name, shape := range layouts {
		t.Run(name, func(t *testing.T) {
			n := len(shape.names)
			for i := range texts {
				for j := range texts {
					checkLayout(t, shape.constant, shape.names, fill(n, i, j), fill(n, j, i))
					checkLayout(t, shape.constant, shape.names, fill(n, i, i), fill(n, i, j))
				}
			}
		})
	}
}

// TestLayoutMatchOfRendering checks Match with values that look like the rendering of other values.
func TestLayoutMatchOfRendering(t *testing.T) {
	for name, shape := range layouts {
		t.Run(name, func(t *testing.T) {
			n := len(shape.names)
			for i := range texts {
				values := fill(n, i, i)
				others := make([]string, n)
				for k := range others {
					others[k] = string(model.AppendEscaped(nil, values[k]))
				}
				checkLayout(t, shape.constant, shape.names, values, others)
				checkLayout(t, shape.constant, shape.names, others, values)
			}
		})
	}
}

// TestLayoutMatchLooksAtEveryByte changes each byte of a value, for every length that Match compares in
// a different way.
func TestLayoutMatchLooksAtEveryByte(t *testing.T) {
	const text = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
	for length := 1; length <= len(text); length++ {
		for i := range length {
			for _, other := range []string{"#", `"`, `\`, "\n", `\"`, ""} {
				values, others := []string{text[:length], "x"}, []string{text[:i] + other + text[i+1:length], "x"}
				checkLayout(t, nil, []string{"a", "b"}, values, others)
				checkLayout(t, nil, []string{"a", "b"}, others, values)
				rendering := string(model.AppendEscaped(nil, others[0]))
				checkLayout(t, nil, []string{"a", "b"}, others, []string{rendering, "x"})
			}
		}
	}
}

func TestLayoutCopies(t *testing.T) {
	name, constant, value := []byte("name"), []byte("constant"), []byte("value")
	names, constants := []string{volatile(name)}, list("c", volatile(constant))
	layout := model.NewLayout(constants, names)
	copy(name, "####")
	copy(constant, "########")
	names[0], constants[0].Name = "x", "x"
	if got := layout.Names(); !slices.Equal(got, []string{"name"}) {
		t.Errorf("the names became %q", got)
	}
	l := layout.Render([]string{volatile(value)})
	copy(value, "#####")
	if got, want := l.Text(), `c="constant",name="value"`; got != want || l.Keep() != l {
		t.Errorf("the labels became %s, want %s", got, want)
	}
}

// TestLayoutMatchesNoLiterals checks that Match rejects values that look like parts of the rendering.
func TestLayoutMatchesNoLiterals(t *testing.T) {
	names := []string{"a", "b"}
	for _, others := range [][]string{
		{`x",b=`, "zz"}, {`x",b="yyyyzz`, ""}, {`x`, `yyyyzz"`}, {`x",b="`, "z"}, {"x", "yyyyz"}, {"", "yyyyzz"},
	} {
		checkLayout(t, nil, names, []string{"x", "yyyyzz"}, others)
		checkLayout(t, nil, names, others, []string{"x", "yyyyzz"})
	}
}

func TestLayoutNamesInTheGivenOrder(t *testing.T) {
	want := []string{"b", "c", "a"}
	if got := model.NewLayout(list("aa", "1"), want).Names(); !slices.Equal(got, want) {
		t.Errorf("the names are %q, want %q", got, want)
	}
}

func TestLayoutAllocations(t *testing.T) {
	layout := model.NewLayout(list("b", "1"), []string{"c", "a"})
	for _, values := range [][]string{{"GET", "200"}, {"a value that is long", `"`}, {"\n", ""}} {
		l := layout.Render(values)
		_, escaped := layout.Size(values)
		if got := testing.AllocsPerRun(100, func() { layout.Match(l.Text(), escaped, values) }); got != 0 {
			t.Errorf("matching %q allocates %v times", values, got)
		}
		if got := testing.AllocsPerRun(100, func() { l = layout.Render(values) }); got != 1 {
			t.Errorf("rendering %q allocates %v times, want once", values, got)
		}
	}
}

func FuzzLayoutMatch(f *testing.F) {
	for i, text := range texts {
		other := texts[len(texts)-1-i]
		f.Add(text, other, other, text, "constant")
		f.Add(text, other, string(model.AppendEscaped(nil, text)), other, text)
	}
	f.Fuzz(func(t *testing.T, value1, value2, other1, other2, constant string) {
		constants, names, values := list("b", constant), []string{"c", "a"}, []string{value1, value2}
		if _, err := render(constants, names, values); err != nil {
			return // A layout promises nothing for these values.
		}
		checkLayout(t, constants, names, values, []string{other1, other2})
	})
}

func FuzzLayoutNames(f *testing.F) {
	f.Add("a", "b", "c", "1", "2")
	f.Add("c.", "b", `"`, `"`, `\`)
	f.Add("é", "=", "\n", "", "\n")
	f.Fuzz(func(t *testing.T, name1, name2, constant, value1, value2 string) {
		constants, names, values := list(constant, value2), []string{name1, name2}, []string{value1, value2}
		if _, err := render(constants, names, values); err != nil {
			return
		}
		checkLayout(t, constants, names, values, []string{value2, value1})
	})
}
