// Package parse reads expositions from the bodies of scrape responses: Prometheus text 0.0.4,
// OpenMetrics 1.0.0 and delimited protobuf.
//
// [Read] makes two passes over a body. The first pass checks the whole body and finds the families. A family
// whose series are in the order of [model.ComparePoints] needs no more memory than its description: it
// becomes a [Source] that reads the body again whenever its series are requested. The second pass passes on
// the samples of all other families.
//
// The package does not trust a body: no number in it determines how much memory is allocated, nothing
// recurses, and the time is proportional to the length of the body, except for sorting the labels and
// buckets of single series.
//
// # What is accepted
//
// Read refuses a body as a whole if it breaks the rules of its format, exceeds the [Limits], or
// contains a name, a help text or a label value that is not UTF-8. It omits and reports a sample that
// Prometheus could not store, such as a histogram whose buckets are not cumulative, and serves the
// rest.
//
// The text formats are read as prometheus/common/expfmt and Prometheus itself read them. Where these
// differ, Read follows the more lenient one, with these exceptions:
//
//   - The last line must end with a line feed, so that a truncated body is recognized.
//   - Strings end on their line, labels are separated by commas, and a blank follows the name in
//     a comment.
//   - A name without quotes consists of letters, digits and underscores (and colons, in metric
//     names). A metric name in braces must be in quotes.
//   - A NUL byte in a metric name is refused, and so is an unknown type in protobuf.
//   - In protobuf, groups, which the format does not use, must not be nested deeply.
//   - Families may be described again and occur in several places. Pieces of the same type form one
//     family. Pieces of different types are several families with the same name.
//   - Duplicate or reserved label names, bounds and quantiles that are not numbers, and invalid counts
//     invalidate only their sample. So does a line that the type of its family does not
//     have, such as a line with the bare name of a histogram.
//   - A backslash before any other byte stands for itself.
//   - An exemplar is omitted if it is invalid, if OpenMetrics does not allow it in its place, or if
//     its labels have more than 128 characters.
//   - A histogram without a count has the count of its last bucket.
//
// The samples of one point of a histogram or a summary, and the start timestamp of a series in
// OpenMetrics, may be in any order and anywhere in the text. A second sum or count begins another point
// with the same labels, which is a duplicate.
package parse
