// Package parse reads expositions, as they come in the bodies of responses to a scrape:
// Prometheus text 0.0.4, OpenMetrics 1.0.0 and delimited protobuf.
//
// [Read] goes over a body twice. The first pass checks all of it and finds the families. One
// whose series are in the order of [model.ComparePoints] needs no more memory than its
// description: it becomes a [Source], which reads the body again whenever it is asked for its
// series. The second pass hands out the samples of all other families.
//
// Nothing that the body says is believed: no number in it decides how much memory is
// allocated, nothing recurses, and the time is proportional to the length of the body, but for
// the sorting of the labels and buckets of single series.
//
// # What is accepted
//
// A body that breaks the rules of its format is refused as a whole, and so is one that exceeds
// the [Limits], or that has a name, a help text or a label value that is not UTF-8. A sample
// that Prometheus could not store, such as a histogram whose buckets are not cumulative, is left
// out and reported; the rest is served.
//
// The text formats are read as prometheus/common/expfmt and Prometheus itself read them, and
// where these differ, as the one that accepts more. There are exceptions:
//
//   - The last line needs its line feed, so that a truncated body is recognized.
//   - Strings end in their line, labels have commas between them, and a blank follows the name in
//     a comment.
//   - A name without quotes consists of letters, digits and underscores (and colons, in names of
//     metrics). One in braces that is not a label's needs quotes.
//   - A NUL byte in the name of a metric is refused. So is, in protobuf, an unknown type.
//   - In protobuf, groups, which the format does not use, may not be nested deeply.
//   - Families may be described again and come in several places. Pieces of the same type are one
//     family; of different types, several families with the same name.
//   - Duplicate or reserved label names, bounds and quantiles that are no numbers, and counts that
//     cannot be counts cost only their sample. So does a line that the type of its family does not
//     have, such as one with the bare name of a histogram.
//   - A backslash before any other byte stands for itself.
//   - An exemplar that is not valid, stands where OpenMetrics allows none, or has labels of more
//     than 128 characters is left out.
//   - A histogram without a count counts what its last bucket does.
//
// The samples of one point of a histogram or a summary, and the creation time of a series in
// OpenMetrics, may stand in any order and anywhere in the text. A second sum or count begins
// another point with the same labels, which is a duplicate.
package parse
