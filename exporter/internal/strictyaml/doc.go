// Package strictyaml decodes YAML such that errors say where they are and what is allowed.
//
// The rules are those of go.yaml.in/yaml/v3, with these differences:
//
//   - Every problem is reported, not only the first: unknown keys, keys that occur twice, values of
//     the wrong type.
//   - A number that is no integer, or does not fit, is an error for an integer. So is a number in
//     quotes.
//   - A [time.Duration] is written as Prometheus does; see [ParseDuration].
//   - Mappings that are decoded into an interface become a map[string]any.
//   - Aliases are followed before anything else looks at a node, and must not multiply the document.
package strictyaml
