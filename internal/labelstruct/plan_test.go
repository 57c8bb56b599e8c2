package labelstruct_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/luxfi/metric/internal/labelstruct"
)

type (
	level   int8
	color   string
	celsius float64
	tags    []string
	set     map[string]bool
	// byPointer has a String method with a pointer receiver only.
	byPointer int
	place     struct {
		Zone string
		Rack uint8 `label:"shelf"`
	}
	base struct {
		Method string
	}
)

func (l level) String() string    { return [...]string{"low", "high"}[l] }
func (c color) String() string    { return strings.ToUpper(string(c)) }
func (c celsius) String() string  { return fmt.Sprintf("%.0f°", float64(c)) }
func (t tags) String() string     { return strings.Join(t, "+") }
func (s set) String() string      { return fmt.Sprint(len(s)) }
func (*byPointer) String() string { return "never called" }
func (p *place) GoString() string { return "never called" }

// planOf returns the plan for L, which must be valid.
func planOf[L any](t *testing.T) *labelstruct.Plan {
	t.Helper()
	plan, err := labelstruct.Of(reflect.TypeFor[L]())
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// labelsOf returns the labels of the struct as name=value.
func labelsOf[L any](t *testing.T, labels L) (pairs []string) {
	t.Helper()
	plan := planOf[L](t)
	s := unsafe.Pointer(&labels)
	values := plan.Values(nil, s, plan.Call(nil, s))
	for i, name := range plan.Names() {
		pairs = append(pairs, name+"="+values[i])
	}
	return pairs
}

func TestValues(t *testing.T) {
	type numbers struct {
		A int8
		B int16
		C int32
		D int64
		E int
		F uint8
		G uint16
		H uint32
		I uint64
		J uint
		K uintptr
		L rune
		M byte
	}
	type named struct {
		StatusCode, HTTPMethod, UserID, HTTP2Version, ID, X, Already_split, ABC, Größe string //nolint:revive,staticcheck // The test is about these names.
	}
	type stringers struct {
		Level   level
		Color   color
		Wait    time.Duration
		Addr    netip.Addr
		Heat    celsius
		Tags    tags
		Set     set
		URL     *url.URL
		Any     fmt.Stringer
		Digits  byPointer
		None    *url.URL
		NoneAny fmt.Stringer
	}
	type nested struct {
		base
		From, To place
		Via      place `label:"through"`
		Inner    struct{ Deep struct{ Value int } }
	}
	type tagged struct {
		base  `label:"request"`
		code  int     `label:"code"`
		Left  float64 `label:"-"`
		left  []int   `label:"-"`
		_     [3]int
		Space string `label:"with space"`
	}
	addr := netip.MustParseAddr("::1")
	link := &url.URL{Scheme: "http", Host: "h"}
	for name, test := range map[string]struct{ got, want []string }{
		"smallest": {
			labelsOf(t, numbers{-128, -32768, -2147483648, -9223372036854775808, -1, 0, 0, 0, 0, 0, 0, 'a', 'b'}),
			[]string{"a=-128", "b=-32768", "c=-2147483648", "d=-9223372036854775808", "e=-1", "f=0", "g=0", "h=0", "i=0", "j=0", "k=0", "l=97", "m=98"},
		},
		"largest": {
			labelsOf(t, numbers{127, 32767, 2147483647, 9223372036854775807, 1, 255, 65535, 4294967295, 18446744073709551615, 1, 2, 0, 0}),
			[]string{"a=127", "b=32767", "c=2147483647", "d=9223372036854775807", "e=1", "f=255", "g=65535", "h=4294967295", "i=18446744073709551615", "j=1", "k=2", "l=0", "m=0"},
		},
		"names": {
			labelsOf(t, named{}),
			[]string{"status_code=", "http_method=", "user_id=", "http2_version=", "id=", "x=", "already_split=", "abc=", "größe="},
		},
		"stringers": {
			labelsOf(t, stringers{1, "red", 90 * time.Second, addr, 21.4, tags{"a", "b"}, set{"x": true}, link, level(0), 7, nil, nil}),
			[]string{"level=high", "color=RED", "wait=1m30s", "addr=::1", "heat=21°", "tags=a+b", "set=1", "url=http://h", "any=low", "digits=7", "none=", "none_any="},
		},
		"bools": {labelsOf(t, struct{ A, B bool }{true, false}), []string{"a=true", "b=false"}},
		"nested": {
			labelsOf(t, nested{base: base{"GET"}, From: place{"a", 1}, To: place{"b", 2}, Via: place{"c", 3}}),
			[]string{"method=GET", "from_zone=a", "from_shelf=1", "to_zone=b", "to_shelf=2", "through_zone=c", "through_shelf=3", "inner_deep_value=0"},
		},
		"tagged": {
			labelsOf(t, tagged{base: base{"GET"}, code: 5, left: nil}),
			[]string{"request_method=GET", "code=5", "with space="},
		},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, test.got, test.want)
		}
	}
}

// TestStringersAreCalled checks that a lookup calls String methods only of values that nothing else
// distinguishes.
func TestStringersAreCalled(t *testing.T) {
	for name, test := range map[string]struct {
		plan  *labelstruct.Plan
		calls int
	}{
		"basic kinds": {planOf[struct {
			A level
			B color
			C time.Duration
		}](t), 0},
		"other kinds": {planOf[struct {
			A netip.Addr
			B celsius
			C tags
			D set
			E fmt.Stringer
			F *url.URL
		}](t), 6},
		"plain fields": {planOf[struct {
			A string
			B byPointer
		}](t), 0},
	} {
		if test.plan.Calls != test.calls {
			t.Errorf("%s: %d calls, want %d", name, test.plan.Calls, test.calls)
		}
	}
}

// TestErrors checks that an error names the type, the field, the problem and the allowed values.
func TestErrors(t *testing.T) {
	type weights struct{ Weight float64 }
	for name, test := range map[string]struct {
		of   reflect.Type
		want string
	}{
		"string":    {reflect.TypeFor[string](), "labels cannot be of type string, which is a string: it must be a struct with a field for each label"},
		"pointer":   {reflect.TypeFor[*place](), "labels cannot be of type *labelstruct_test.place, which is a pointer: it must be a struct"},
		"interface": {reflect.TypeFor[fmt.Stringer](), "which is an interface: it must be a struct"},
		"map":       {reflect.TypeFor[map[string]string](), "which is a map: it must be a struct"},
		"empty":     {reflect.TypeFor[struct{}](), "it has no field that is a label, and needs at least one"},
		"all left out": {reflect.TypeFor[struct {
			A int `label:"-"`
		}](), "it has no field that is a label"},
		"float":      {reflect.TypeFor[struct{ F float32 }](), "field F is of type float32: a label value is a string, an integer, a bool, a type with a String method"},
		"deep float": {reflect.TypeFor[struct{ A struct{ B weights } }](), "field A.B.Weight is of type float64"},
		"slice":      {reflect.TypeFor[struct{ S []string }](), "field S is of type []string"},
		"array":      {reflect.TypeFor[struct{ S [2]string }](), "field S is of type [2]string"},
		"map field":  {reflect.TypeFor[struct{ M map[string]string }](), "field M is of type map[string]string"},
		"pointers":   {reflect.TypeFor[struct{ P *string }](), "field P is of type *string"},
		"struct":     {reflect.TypeFor[struct{ P *place }](), "field P is of type *labelstruct_test.place"},
		"embedded":   {reflect.TypeFor[struct{ *place }](), "field place is not exported and has no tag"},
		"any":        {reflect.TypeFor[struct{ E error }](), "field E is of type error"},
		"func":       {reflect.TypeFor[struct{ F func() }](), "field F is of type func()"},
		"complex":    {reflect.TypeFor[struct{ C complex64 }](), "field C is of type complex64"},
		"unexported": {reflect.TypeFor[struct{ statusCode int }](), `field statusCode is not exported and has no tag: export it, name the label with a tag such as label:"status_code", or leave the field out with label:"-"`},
		"inside":     {reflect.TypeFor[struct{ T struct{ name string } }](), "field T.name is not exported"},
		"no name": {reflect.TypeFor[struct {
			A int `label:""`
		}](), `field A has the tag label:"", which is no name`},
		"options": {reflect.TypeFor[struct {
			A int `label:"a,omitempty"`
		}](), `field A has the tag label:"a,omitempty" with a comma: the tag is the name of the label, and takes no options`},
		"not UTF-8": {reflect.TypeFor[struct {
			A int "label:\"\\xff\""
		}](), `field A is the label "\xff": a label name is UTF-8 and not empty`},
		"reserved": {reflect.TypeFor[struct {
			A int `label:"__a"`
		}](), `field A is the label "__a": names that begin with __ are reserved`},
		"le": {reflect.TypeFor[struct{ Le int }](), `field Le is the label "le": that name is reserved`},
		"duplicate": {reflect.TypeFor[struct {
			UserID int
			B      struct{ ID int } `label:"user"`
		}](), `field B.ID is the label "user_id", and so is field UserID: each label needs a name of its own`},
	} {
		_, err := labelstruct.Of(test.of, "le")
		switch {
		case err == nil:
			t.Errorf("%s: no error, want %q", name, test.want)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: got error\n%v\nwant\n%s", name, err, test.want)
		}
	}
	if _, err := labelstruct.Of(reflect.TypeFor[struct{ Le, Quantile int }]()); err != nil {
		t.Errorf("names are reserved for nothing: %v", err)
	}
}
