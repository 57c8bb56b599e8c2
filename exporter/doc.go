// Package exporter makes a program an exporter for Prometheus: flags, configuration, web server,
// health, reload, collectors and probes.
package exporter
