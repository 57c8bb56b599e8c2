package strictyaml

import (
	"math"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// plain returns the value of a scalar by YAML's rules: a bool, int, int64, uint64, float64, string,
// time.Time, or nil.
func plain(n *yaml.Node) (any, error) {
	if n.Kind != yaml.ScalarNode {
		return nil, Errorf(n, "must be a single value, not %s", describe(n))
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, Errorf(n, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return v, nil
}

// scalar decodes a scalar.
func (d *decoder) scalar(n *yaml.Node, out reflect.Value, p *path) {
	v, err := plain(n)
	if err != nil {
		d.failed(n, p, err)
		return
	}
	if out.Type() == durationType {
		if ttl, err := ParseDuration(n.Value); err != nil {
			d.failed(n, p, &Error{Message: err.Error()})
		} else {
			out.SetInt(int64(ttl))
		}
		return
	}
	switch out.Kind() {
	case reflect.String:
		if text, ok := v.(string); ok {
			out.SetString(text) // for !!binary, too
		} else {
			out.SetString(n.Value)
		}
	case reflect.Bool:
		b, ok := boolOf(n, v)
		if !ok {
			d.fail(n, p, "%s is not true or false%s", describe(n), hint(n, v))
			return
		}
		out.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.signed(n, v, out, p)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		d.unsigned(n, v, out, p)
	case reflect.Float32, reflect.Float64:
		f, ok := floatOf(v)
		if !ok {
			d.fail(n, p, "%s is not a number%s", describe(n), hint(n, v))
			return
		}
		out.SetFloat(f)
	case reflect.Struct: // a time.Time
		t, ok := v.(time.Time)
		if !ok {
			d.fail(n, p, "%s is not a time such as 2006-01-02T15:04:05Z", describe(n))
			return
		}
		out.Set(reflect.ValueOf(t))
	default:
		d.fail(n, p, "the program cannot decode into %v", out.Type())
	}
}

func (d *decoder) signed(n *yaml.Node, v any, out reflect.Value, p *path) {
	var i int64
	switch v := v.(type) {
	case int:
		i = int64(v)
	case int64:
		i = v
	case uint64:
		d.outOfRange(n, out, p)
		return
	case float64:
		if v != math.Trunc(v) || math.Abs(v) >= 1<<53 {
			d.fail(n, p, "%s is not an integer", describe(n))
			return
		}
		i = int64(v)
	default:
		d.fail(n, p, "%s is not an integer%s", describe(n), hint(n, v))
		return
	}
	if out.OverflowInt(i) {
		d.outOfRange(n, out, p)
		return
	}
	out.SetInt(i)
}

func (d *decoder) unsigned(n *yaml.Node, v any, out reflect.Value, p *path) {
	var u uint64
	switch v := v.(type) {
	case int:
		if v < 0 {
			d.outOfRange(n, out, p)
			return
		}
		u = uint64(v)
	case int64:
		if v < 0 {
			d.outOfRange(n, out, p)
			return
		}
		u = uint64(v)
	case uint64:
		u = v
	case float64:
		if v != math.Trunc(v) || math.Abs(v) >= 1<<53 {
			d.fail(n, p, "%s is not an integer", describe(n))
			return
		}
		if v < 0 {
			d.outOfRange(n, out, p)
			return
		}
		u = uint64(v)
	default:
		d.fail(n, p, "%s is not an integer%s", describe(n), hint(n, v))
		return
	}
	if out.OverflowUint(u) {
		d.outOfRange(n, out, p)
		return
	}
	out.SetUint(u)
}

// outOfRange reports an integer that the type of out cannot represent.
func (d *decoder) outOfRange(n *yaml.Node, out reflect.Value, p *path) {
	bits := out.Type().Bits()
	if out.CanUint() {
		d.fail(n, p, "%s is out of range; allowed is 0 to %d", describe(n), uint64(math.MaxUint64)>>(64-bits))
		return
	}
	most := int64(math.MaxInt64) >> (64 - bits)
	d.fail(n, p, "%s is out of range; allowed is %d to %d", describe(n), -most-1, most)
}

// boolOf returns a value as a bool. It also accepts those words of YAML 1.1 that are not ambiguous.
func boolOf(n *yaml.Node, v any) (b, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		if n.Style&quoted != 0 {
			return false, false
		}
		switch v {
		case "yes", "Yes", "YES", "on", "On", "ON":
			return true, true
		case "no", "No", "NO", "off", "Off", "OFF":
			return false, true
		}
	}
	return false, false
}

func floatOf(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, true
	default:
		return 0, false
	}
}

// hint suggests to remove the quotes if a string would be valid without them.
func hint(n *yaml.Node, v any) string {
	if _, ok := v.(string); !ok || n.Style&quoted == 0 {
		return ""
	}
	bare := yaml.Node{Kind: yaml.ScalarNode, Value: n.Value}
	if v, err := plain(&bare); err == nil {
		if _, isText := v.(string); !isText && v != nil {
			return "; write it without quotes"
		}
	}
	return ""
}
