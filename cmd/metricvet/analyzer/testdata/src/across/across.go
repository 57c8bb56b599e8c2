package across

import "shared"

func use(m *shared.Metrics) {
	shared.Requests.WithLabelValues("GET", "200").Inc()
	shared.Requests.WithLabelValues("GET").Inc() // want `requests_total has 2 labels \(method, code\), but WithLabelValues gets 1 value`
	m.Errors.WithLabelValues("timeout").Inc()
	m.Errors.WithLabelValues("timeout", "x").Inc() // want `errors_total has 1 label \(class\)`
	g := shared.Must(shared.Gauge())
	g.WithLabelValues("a", "b") // want `items has 1 label \(queue\)`
	h, _ := shared.Gauge()
	h.WithLabelValues("a", "b") // want `items has 1 label \(queue\)`
	i := shared.Must(h, nil)
	i.WithLabelValues("a", "b") // want `items has 1 label \(queue\)`
}
