//metricvet:ignore This file is wrong on purpose.

package labels

func inIgnoredFile() { requests.WithLabelValues("a") }
