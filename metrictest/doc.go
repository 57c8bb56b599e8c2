// Package metrictest helps to test collectors, gatherers and whatever scrapes them.
//
// TestCollector and TestGatherer check that a collector or a gatherer keeps the rules
// that scrapes rely on. Every collector and gatherer that somebody writes should pass:
//
//	func TestMyCollector(t *testing.T) {
//		metrictest.TestCollector(t, NewMyCollector())
//	}
//
// Whatever it asks has to answer in that test. That it returns when its backend hangs is
// a test of its own: call CollectWithContext, or metric.CollectStream, under a context
// with a timeout. Collect has none, and hangs as long as the backend does unless it sets
// itself a timeout. NewHangingServer is such a backend, and its example shows the test.
//
// MustSend has the check fail if nothing is sent.
//
// Collector is the opposite: a collector that breaks rules on command. It is slow,
// stuck, panics, floods, sends late, ignores its context or fails, and can be told to
// do something else while it is scraped. Use it to see what your registry, your alerts
// and your dashboards do on a bad day.
//
// The package depends on nothing but the library and what that depends on. All of it can
// be used in a bubble of testing/synctest, where time costs nothing; what is used there
// has to be made there.
package metrictest
