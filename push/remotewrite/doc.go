// Package remotewrite pushes metrics to Prometheus and to everything else that receives its remote-write
// protocol, such as VictoriaMetrics, Mimir and the OpenTelemetry Collector.
package remotewrite
