// Package relabel changes metrics before they are exposed: it drops series and families, sets and removes
// labels, and renames, rescales and aggregates families. A pipeline is a list of steps, written in YAML or
// in Go. Most steps are rules like those in Prometheus's metric_relabel_configs, so rules written for a
// Prometheus server can move to the program that exposes the metrics. A series that is dropped there costs
// neither traffic nor server memory.
//
//	pipeline, err := relabel.Parse([]byte(`
//	- source_labels: [path]            # /users/17/orders becomes /users/{id}/orders
//	  regex: /users/[0-9]+/(.*)
//	  target_label: path
//	  replacement: /users/{id}/$1
//	- action: labeldrop
//	  regex: pod_template_hash
//	- action: dropfamilies             # Prometheus does not have this one.
//	  families: [go_gc_.*]
//	`))
//
// [Parse] checks all steps and reports every mistake with its line. [Pipeline.Lint] finds steps that are
// valid but probably do not do what their author meant. [Pipeline.Process] applies a pipeline to the labels
// of one series, for tests and tools. [New] creates a pipeline from Go values, and [Config] embeds steps in
// the configuration of a program.
//
// # Rules
//
// A rule joins the values of its source labels with a separator, compares the result with a regex, and
// performs its action. All fields have defaults:
//
//	source_labels: []     # No labels: the source value is empty.
//	separator: ;
//	regex: (.*)           # Must match the whole source value. A dot matches newlines, too.
//	target_label:         # Most actions that set or compare a label need it.
//	replacement: $1       # $1 or ${1} is the text that the first pair of parentheses matched.
//	modulus:              # Needed by hashmod.
//	action: replace
//
// The actions are
//
//	replace     if the regex matches, set the target label to the replacement
//	keep        let the series pass only if the regex matches
//	drop        remove the series if the regex matches
//	keepequal   let the series pass only if the source value equals the target label
//	dropequal   remove the series if the source value equals the target label
//	hashmod     set the target label to a hash of the source value, modulo modulus
//	labelmap    copy labels whose names match the regex to the names in replacement
//	labeldrop   remove the labels whose names match the regex
//	labelkeep   remove the labels whose names do not match the regex
//	lowercase   set the target label to the source value in lower case
//	uppercase   set the target label to the source value in upper case
//
// Rules see the name of the series as the label __name__. A missing label is the same as an empty one, and
// setting a label to the empty string removes it. Rules are applied in order; each sees the result of the
// ones before it.
//
// # Steps for families
//
// Prometheus relabels each sample individually. The following steps apply to whole families. The field
// families lists regexes; the step applies to families whose whole name matches one of them.
//
//	# Steps and rules stand in the same list.
//	- action: keepfamilies           # Drop all other families.
//	  families: [http_.*, up]
//	- action: dropfamilies
//	  families: [go_gc_.*]
//	- action: rename                 # The samples of a histogram are renamed with it.
//	  regex: app_(.*)_ms
//	  replacement: shop_${1}_seconds
//	- action: scale                  # Values, sums, bounds and quantiles; not counts.
//	  families: [shop_.*_seconds]
//	  divisor: 1000                  # Or factor, to multiply with.
//	- action: unit
//	  families: [shop_.*_seconds]
//	  unit: seconds
//	- action: help
//	  families: [shop_delay_seconds]
//	  help: Time between an order and its delivery.
//	- action: type                   # Of a counter, a gauge or an untyped metric.
//	  families: [legacy_requests]
//	  type: counter
//	- action: aggregate              # Remove labels, and add up series that have become the same.
//	  families: [http_requests_total]
//	  without: [path, client]        # Or by, for the labels that stay.
//	- action: aggregate
//	  families: [queue_length]
//	  by: [queue]
//	  gauges: max                    # Or sum, min, avg. Gauges are never added up unasked.
//
// See [KeepFamilies], [DropFamilies], [Rename], [Scale], [SetUnit], [SetHelp], [SetType] and
// [Aggregate].
//
// # Differences from Prometheus
//
// Rules do exactly what they do in version 3 of Prometheus with UTF-8 names. There is one difference in the
// result, and a few in the accepted input:
//
//   - At the end, labels whose names begin with two underscores are removed (except
//     __name__), because no exposition may contain them. Prometheus removes them after
//     relabel_configs, but not after metric_relabel_configs. Labels such as __tmp can therefore hold
//     intermediate results here, too.
//   - Series do not have target labels, such as job, instance and __address__, unless the
//     program exposes them itself. A Prometheus server adds these labels after the scrape.
//   - Parse rejects regexes such as a)|(b, which the anchors make valid without anchoring
//     them; null among the source labels; fractions as a modulus; tags other than !!str; and
//     a second document.
//   - If a mapping is merged by <<, the fields beside it take precedence wherever they are. "null" and
//     "~" in quotes are ordinary regexes.
//   - The steps for families exist only in this package. A Prometheus server rejects them.
package relabel
