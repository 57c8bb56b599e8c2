// Package metrictest helps to test collectors, gatherers and code that scrapes them.
//
// [TestCollector] and [TestGatherer] check that a collector or a gatherer follows the rules that scrapes
// rely on. Every collector and gatherer should pass:
//
//	func TestMyCollector(t *testing.T) {
//		metrictest.TestCollector(t, NewMyCollector())
//	}
//
// The backends of the collector must respond during that test. Use another test to check that it returns
// when its backend hangs: call CollectWithContext, or metric.CollectStream, under a context with a timeout.
// Collect has no context; unless it sets its own timeout, it hangs as long as the backend does.
// [NewHangingServer] is such a backend, and its example shows the test.
//
// With the option [MustSend], the check fails if nothing is sent.
//
// A [Collector], in contrast, breaks rules on command. It can be slow or stuck, panic, flood, send late,
// ignore its context or fail, and it can change its behaviour while it is scraped. Use it to see how your
// registry, alerts and dashboards react to failures.
//
// The package depends only on the library and its dependencies. Except for [HangingServer], everything in
// it can be used in a bubble of testing/synctest, where waiting takes no real time, but must be created in
// the same bubble.
package metrictest
