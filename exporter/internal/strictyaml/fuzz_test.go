package strictyaml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// FuzzDecode checks that Parse and Decode do not panic or hang, and that each error has a position.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		"databases:\n- dsn: x\n  max_connections: many\n  timeout: 5s\n", "a: 1\n---\nb: 2", "a: &a [*a]", "<<: {size: 1}\n", "size: <<",
		"named: {a: &a {<<: *a}}", "two: [1, 2]\ncodes: {~: true}\nwhen: 2026-01-02\nlax: {a: x}\nold: {z: 1}\n",
		"even: {n: .inf}\nupper: !!binary \"%\"\nnode: *x\nyes: on", "? {a: b}\n: c", "\ta: b", "%TAG ! x\n--- !a b", "size: !!int x", "a: *b",
		bomb(), deepByAliases()[:400], "lax: {<<: 1}\n", "databases: !!seq x", "extra: &a {b: [*a, {c: 1}]}", "extra: !!float x", "a: \"\\xff\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := strings.Count(text, "\n") + 1
		check := func(err error) {
			for _, line := range all(err) {
				if line.File != "c.yml" || line.Line < 1 || line.Line > last || line.Message == "" {
					t.Errorf("%#v is not within the %d lines of the document", line, last)
				}
			}
		}
		n, err := strictyaml.Parse("c.yml", []byte(text))
		check(err)
		if err != nil || n == nil {
			return
		}
		var c config
		check(strictyaml.Decode("c.yml", n, &c))
		var v any
		check(strictyaml.Decode("c.yml", n, &v))
	})
}

// all returns the single errors that err consists of.
func all(err error) (list []*strictyaml.Error) {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			list = append(list, all(one)...)
		}
		return list
	}
	if at, ok := errors.AsType[*strictyaml.Error](err); ok {
		return []*strictyaml.Error{at}
	}
	return []*strictyaml.Error{{Message: err.Error()}}
}
