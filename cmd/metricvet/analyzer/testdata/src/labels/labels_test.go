package labels

func inTest() { requests.WithLabelValues("a") }
