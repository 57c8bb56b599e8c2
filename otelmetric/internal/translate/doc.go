// Package translate turns names, units and attributes of OpenTelemetry into names and labels of Prometheus,
// by the rules of https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/.
//
// It builds on package otlptranslator, as OpenTelemetry's Prometheus exporter does, so that dashboards and
// alerts written for the exporter keep working. Where the specification recommends something else (SHOULD),
// this package keeps the exporter's names. It differs from the exporter on purpose where the specification
// demands something else (MUST), or where the exporter's result is wrong or cannot be exposed:
//
//   - TiBy is tebibytes, not tibibytes, and kBy is kilobytes, like KBy. The table of the specification has
//     both.
//   - A unit after a slash becomes a word if it is in that table: By/min is bytes_per_minute, not
//     bytes_per_min. The unit m is the meter there, too, because the minute is min.
//   - Only the portion of a unit within braces is dropped: By{sent} is bytes.
//   - A name that ends in a unit with a slash does not get the unit again: io_bytes_per_second stays, and
//     does not become io_bytes_per_second_per_second.
//   - Without escaping, a name loses the word that becomes its suffix only if a delimiter precedes the
//     word: the counter subtotal becomes subtotal_total, not su_total.
//   - A name is an error if it contains no letter, digit or colon that survives escaping, even if it has a
//     unit. All such names would become the same.
//   - A unit becomes UNIT metadata if the name ends in it, as OpenMetrics demands. The exporter writes no
//     units.
//   - Attributes whose keys become the same label join their values in the order of the keys, not of the
//     values.
//   - An attribute whose key becomes a label of the scope or a constant label joins its value to that
//     label. The exporter fails. An attribute that becomes the label le of a histogram is renamed to
//     exported_le, because buckets need their label le unchanged.
//   - A key of which only underscores remain becomes the label _, and __name__ becomes _name_, because
//     Prometheus reserves names that begin with two underscores. The exporter fails.
//   - Keys of a scope get their prefix before they are escaped: otel_scope_1st, not otel_scope_key_1st.
//   - Empty labels are left out, because Prometheus does not distinguish them from missing ones.
//   - Bytes that are not UTF-8 are replaced with U+FFFD. The exporter fails.
package translate
