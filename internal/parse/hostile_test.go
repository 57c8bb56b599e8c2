package parse_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/parse"
)

// repeat returns the concatenated results of n calls of line.
func repeat(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i))
	}
	return b.String()
}

// field returns a field of type bytes.
func field(number protowire.Number, value string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value))
}

// delimited returns a message preceded by its length.
func delimited(message string) string { return string(protowire.AppendString(nil, message)) }

// hostile returns bodies that no program writes by accident.
func hostile() map[string]struct {
	format parse.Format
	body   string
	err    string // part of the error, or empty if Read accepts the body
} {
	type hostile = struct {
		format parse.Format
		body   string
		err    string
	}
	n := 20_000
	if testing.Short() || raceEnabled {
		n /= 10
	}
	eof := "# EOF\n"
	buckets := func(order func(i int) int) string {
		return "# TYPE a histogram\n" + repeat(n, func(i int) string { return fmt.Sprintf("a_bucket{le=\"%d\"} %d\n", order(i), order(i)) })
	}
	return map[string]hostile{
		"endless line":               {parse.Text, strings.Repeat("a", 100*n), "last line"},
		"endless name":               {parse.Text, strings.Repeat("a", 100*n) + "\n", "value should be"},
		"endless comment":            {parse.Text, strings.Repeat("#", 100*n) + "\n", ""},
		"many comments":              {parse.Text, strings.Repeat("#\n", 50*n), ""},
		"blank lines":                {parse.Text, strings.Repeat(" \n", 50*n), ""},
		"blank lines in OpenMetrics": {parse.OpenMetrics, strings.Repeat("\n", 50*n) + eof, "line 1"},
		"blanks":                     {parse.Text, "a" + strings.Repeat(" ", 100*n) + "1\n", ""},
		"NUL bytes":                  {parse.Text, strings.Repeat("\x00", 100*n) + "\n", "line 1"},
		"open brace":                 {parse.Text, strings.Repeat("{", 100*n) + "\n", "label should be"},
		"open quote":                 {parse.Text, `a{b="` + strings.Repeat(`\"`, 50*n) + "\n", "no closing quote"},
		"backslashes":                {parse.Text, `a{b="` + strings.Repeat(`\`, 100*n) + "\"} 1\n", ""},
		"odd escapes":                {parse.Text, `a{b="` + strings.Repeat(`\d`, 50*n) + "\"} 1\n", ""},
		"commas":                     {parse.Text, "a{" + strings.Repeat(",", 100*n) + "} 1\n", "label should be"},
		"long number":                {parse.Text, "a 0." + strings.Repeat("0", 100*n) + "1\n", ""},
		"number too large":           {parse.Text, "a 1" + strings.Repeat("0", 100*n) + "\n", "value should be"},
		"exponent":                   {parse.Text, "a 1e" + strings.Repeat("9", 100*n) + "\n", "value should be"},
		"timestamp":                  {parse.Text, "a 1 " + strings.Repeat("9", 100*n) + "\n", "timestamp should be"},
		"long help":                  {parse.Text, "# HELP a " + strings.Repeat(`\n`, 50*n) + "\na 1\n", ""},
		"many types":                 {parse.Text, repeat(10*n, func(i int) string { return fmt.Sprintf("# TYPE a%d gauge\n", i) }), ""},
		"types that change":          {parse.Text, repeat(5*n, func(i int) string { return [...]string{"# TYPE a gauge\n", "# TYPE a counter\n"}[i%2] }), ""},
		"samples of changing types":  {parse.Text, repeat(n, func(i int) string { return [...]string{"# TYPE a gauge\na 1\n", "# TYPE a counter\na 1\n"}[i%2] }), ""},
		"scattered families":         {parse.Text, repeat(5*n, func(i int) string { return [...]string{"a 1\n", "b 1\n"}[i%2] }), ""},
		"labels":                     {parse.Text, "a{" + repeat(n, func(i int) string { return fmt.Sprintf("l%d=\"\",", n-i) }) + "} 1\n", ""},
		"the same label":             {parse.Text, "a{" + strings.Repeat("b=\"\",", n) + "} 1\n", ""},
		"names in braces":            {parse.Text, "{" + strings.Repeat("\"b\",", n) + "} 1\n", "second name"},
		"other names":                {parse.Text, repeat(n, func(i int) string { return fmt.Sprintf("a{l%d=\"\"} 1\n", i%7) }), ""},
		"not numbers":                {parse.Text, repeat(n, func(i int) string { return fmt.Sprintf("a{b=\"%d\"} NaN\n", i) }), ""},
		"falling buckets":            {parse.Text, buckets(func(i int) int { return n - i }) + "a_count 1e9\n", ""},
		"equal buckets":              {parse.Text, buckets(func(int) int { return 1 }), ""},
		"own bounds": {parse.Text, "# TYPE a histogram\n" + repeat(n/10, func(i int) string {
			return fmt.Sprintf("a_bucket{x=\"%04d\",le=\"%d\"} 1\na_bucket{x=\"%04d\",le=\"+Inf\"} 1\n", i, i, i)
		}), ""},
		"scattered histogram": {parse.Text, "# TYPE a histogram\n" + repeat(n, func(i int) string { return fmt.Sprintf("a_bucket{x=\"%d\",le=\"%d\"} 1\n", i%100, i/100) }) +
			repeat(100, func(i int) string { return fmt.Sprintf("a_count{x=\"%d\"} 1\n", i) }), ""},
		"sums":      {parse.Text, "# TYPE a summary\n" + strings.Repeat("a_sum 1\n", n), ""},
		"misfits":   {parse.Text, "# TYPE a histogram\n" + strings.Repeat("a 1\n", n), ""},
		"quantiles": {parse.Text, "# TYPE a summary\n" + strings.Repeat("a{quantile=\"x\"} 1\n", n), ""},
		"exemplars": {parse.OpenMetrics, "# TYPE a counter\n" + repeat(n, func(i int) string { return fmt.Sprintf("a_total{x=\"%d\"} 1 # {b=\"%d\"} 1\n", i, i) }) + eof, ""},
		"long exemplars": {parse.OpenMetrics, "# TYPE a counter\n" +
			repeat(n/10, func(i int) string {
				return fmt.Sprintf("a_total{x=\"%d\"} 1 # {b=%q} 1\n", i, strings.Repeat("c", 200))
			}) + eof, ""},
		"created": {parse.OpenMetrics, "# TYPE a counter\n" + strings.Repeat("a_created 1\n", n) + eof, ""},
		"units":   {parse.OpenMetrics, strings.Repeat("# UNIT a_b b\n", n) + eof, ""},
		"EOFs":    {parse.OpenMetrics, strings.Repeat(eof, n), "line 1"},

		"endless varint":      {parse.Protobuf, strings.Repeat("\xff", 100*n), "more than 64 bits"},
		"length 2^63":         {parse.Protobuf, string(protowire.AppendVarint(nil, 1<<63)), "truncated"},
		"length 2^63-1":       {parse.Protobuf, string(protowire.AppendVarint(nil, 1<<63-1)) + "abc", "truncated"},
		"length 2^64-1":       {parse.Protobuf, string(protowire.AppendVarint(nil, 1<<64-1)), "truncated"},
		"inner length":        {parse.Protobuf, delimited("\x0a" + string(protowire.AppendVarint(nil, 1<<63-1))), "truncated"},
		"empty messages":      {parse.Protobuf, strings.Repeat("\x00", 100*n), "no name"},
		"empty metrics":       {parse.Protobuf, delimited(field(1, "a") + strings.Repeat(field(4, ""), n)), ""},
		"empty labels":        {parse.Protobuf, delimited(field(1, "a") + field(4, strings.Repeat(field(1, ""), 10*n))), ""},
		"many labels":         {parse.Protobuf, delimited(field(1, "a") + field(4, repeat(n, func(i int) string { return field(1, field(1, fmt.Sprint("l", n-i))) }))), ""},
		"many families":       {parse.Protobuf, repeat(5*n, func(i int) string { return delimited(field(1, fmt.Sprint("a", i))) }), ""},
		"the same family":     {parse.Protobuf, strings.Repeat(delimited(field(1, "a")+field(4, field(3, ""))), n), ""},
		"nested groups":       {parse.Protobuf, delimited(strings.Repeat("\x7b", 100*n)), "nested"},
		"groups":              {parse.Protobuf, delimited(field(1, "a") + strings.Repeat("\x7b\x7c", 50*n)), ""},
		"long equal names":    {parse.Protobuf, delimited(field(1, "a") + field(4, field(3, "")+strings.Repeat(field(1, field(1, strings.Repeat("x", n))), 2))), ""},
		"group that ends":     {parse.Protobuf, delimited("\x7c"), "nested"},
		"wire type 7":         {parse.Protobuf, delimited("\x7f"), "wire type 7"},
		"field 0":             {parse.Protobuf, delimited("\x00"), "number 0"},
		"unknown fields":      {parse.Protobuf, delimited(field(1, "a") + strings.Repeat("\x78\x01", 50*n)), ""},
		"names":               {parse.Protobuf, delimited(strings.Repeat(field(1, "a"), 20*n)), ""},
		"histogram again":     {parse.Protobuf, delimited(field(1, "a") + "\x18\x04" + field(4, strings.Repeat(field(7, field(3, "")), n))), ""},
		"packed deltas":       {parse.Protobuf, delimited(field(1, "a") + "\x18\x04" + field(4, field(7, field(13, strings.Repeat("\x02", 100*n))))), ""},
		"spans":               {parse.Protobuf, delimited(field(1, "a") + "\x18\x04" + field(4, field(7, strings.Repeat(field(12, "\x08\x02\x10\x01"), n)))), ""},
		"quantile messages":   {parse.Protobuf, delimited(field(1, "a") + "\x18\x02" + field(4, field(4, strings.Repeat(field(3, ""), n)))), ""},
		"labels of exemplars": {parse.Protobuf, delimited(field(1, "a") + field(4, field(3, field(2, strings.Repeat(field(1, field(1, "b")), n))))), ""},
	}
}

// TestHostileBodies checks that the memory used for bodies of up to some megabytes is proportional to
// their length, and that results and errors are bounded.
func TestHostileBodies(t *testing.T) {
	for name, h := range hostile() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			dropped, longest := 0, 0
			runtime.ReadMemStats(&before)
			_, err := parse.Read(h.format, []byte(h.body), parse.Limits{},
				func(*model.Family, *model.Point) error { return nil },
				func(err error) { dropped, longest = dropped+1, max(longest, len(err.Error())) })
			runtime.ReadMemStats(&after)
			// A label or a bucket of a few bytes becomes a large struct, in slices that grow by
			// doubling.
			if spent, allowed := after.TotalAlloc-before.TotalAlloc, uint64(8<<20+100*len(h.body)+1000*dropped); spent > allowed {
				t.Errorf("%d bytes were allocated for %d, more than %d", spent, len(h.body), allowed)
			}
			if longest > 600 {
				t.Errorf("an error about a sample has %d bytes", longest)
			}
			switch {
			case h.err == "" && err != nil:
				t.Errorf("unexpected error: %v", err)
			case h.err != "" && err == nil:
				t.Errorf("no error, want one with %q", h.err)
			case err != nil:
				var refusal *parse.Error
				if !errors.As(err, &refusal) || !strings.Contains(err.Error(), h.err) || len(err.Error()) > 600 {
					t.Errorf("got error %v (%T), want one with %q", err, err, h.err)
				}
			}
		})
	}
}

// TestHostileBodiesWithLimits checks that every limit is enforced.
func TestHostileBodiesWithLimits(t *testing.T) {
	limits := parse.Limits{Series: 1000, Families: 100, Labels: 50, LabelBytes: 4000, NameBytes: 200, HelpBytes: 2000, Buckets: 200}
	for name, h := range hostile() {
		if _, err := parse.Read(h.format, []byte(h.body), limits, func(*model.Family, *model.Point) error { return nil }, func(error) {}); err != nil {
			var refusal *parse.Error
			if !errors.As(err, &refusal) || len(err.Error()) > 600 {
				t.Errorf("%s: got error %v (%T)", name, err, err)
			}
		}
	}
}
