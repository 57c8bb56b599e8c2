// Package strictyaml decodes YAML and returns errors that say where the problem is and what is allowed.
//
// It follows the rules of go.yaml.in/yaml/v3, with these differences:
//
//   - It reports every problem, not only the first: unknown keys, keys that occur twice, values of
//     the wrong type.
//   - For an integer, a number that is not an integer, is out of range, or is in quotes is an error.
//   - A [time.Duration] has the syntax of Prometheus; see [ParseDuration].
//   - A mapping that is decoded into an interface becomes a map[string]any.
//   - Aliases are resolved first, and must not multiply the document.
package strictyaml
