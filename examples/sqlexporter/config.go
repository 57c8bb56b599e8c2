package main

import (
	"errors"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter"
)

// settings are the program's part of the configuration file. README.md explains them.
type settings struct {
	Databases map[string]databaseSettings `yaml:"databases,omitempty"`
	Queries   map[string]querySettings    `yaml:"queries,omitempty"`
}

// databaseSettings describe a database and the queries to run on it.
type databaseSettings struct {
	Driver         text              `yaml:"driver"`
	DSN            exporter.Secret   `yaml:"dsn"`
	MaxConnections int               `yaml:"max_connections,omitempty"`
	ConnectTimeout time.Duration     `yaml:"connect_timeout,omitempty"`
	ReadOnly       *bool             `yaml:"read_only,omitempty"`
	Labels         map[string]string `yaml:"labels,omitempty"`
	Queries        []text            `yaml:"queries,omitempty"`

	line lineNumber
}

// querySettings describe a query, its policy and its metrics.
type querySettings struct {
	Databases []text           `yaml:"databases,omitempty"`
	SQL       text             `yaml:"sql"`
	Timeout   time.Duration    `yaml:"timeout,omitempty"`
	Interval  time.Duration    `yaml:"interval,omitempty"`
	Cache     time.Duration    `yaml:"cache,omitempty"`
	Stale     time.Duration    `yaml:"stale,omitempty"`
	NoRows    text             `yaml:"no_rows,omitempty"`
	MaxSeries int              `yaml:"max_series,omitempty"`
	Metrics   []metricSettings `yaml:"metrics"`

	line lineNumber
}

// metricSettings describe a metric and the columns of its labels and values.
type metricSettings struct {
	Name         text              `yaml:"name"`
	Type         text              `yaml:"type"`
	Help         string            `yaml:"help"`
	Labels       []string          `yaml:"labels,omitempty"`
	StaticLabels map[string]string `yaml:"static_labels,omitempty"`
	Scale        *float64          `yaml:"scale,omitempty"`

	Value      string            `yaml:"value,omitempty"`       // column of a gauge, counter or untyped metric
	Values     map[string]string `yaml:"values,omitempty"`      // columns by the value of ValueLabel, in place of Value
	ValueLabel string            `yaml:"value_label,omitempty"` // name of the label that Values needs

	Buckets   map[string]string `yaml:"buckets,omitempty"`   // columns of a histogram's buckets, by upper bound
	Quantiles map[string]string `yaml:"quantiles,omitempty"` // columns of a summary's quantiles
	Count     string            `yaml:"count,omitempty"`     // column of a histogram or summary
	Sum       string            `yaml:"sum,omitempty"`       // column of a histogram or summary

	line lineNumber
}

// UnmarshalYAML decodes a database and records its line.
func (s *databaseSettings) UnmarshalYAML(decode func(any) error) error {
	type plain databaseSettings
	return decodeAt(decode, &s.line, (*plain)(s))
}

// UnmarshalYAML decodes a query and records its line.
func (s *querySettings) UnmarshalYAML(decode func(any) error) error {
	type plain querySettings
	return decodeAt(decode, &s.line, (*plain)(s))
}

// UnmarshalYAML decodes a metric and records its line.
func (s *metricSettings) UnmarshalYAML(decode func(any) error) error {
	type plain metricSettings
	return decodeAt(decode, &s.line, (*plain)(s))
}

// decodeAt decodes a part of the configuration, and sets at to the line in which it begins.
func decodeAt(decode func(any) error, at *lineNumber, into any) error {
	return errors.Join(decode(at), decode(into))
}

// lineNumber is a line of the configuration file, or 0 if unknown.
type lineNumber int

// UnmarshalYAML sets l to the line of the node.
func (l *lineNumber) UnmarshalYAML(node *yaml.Node) error { //nolint:unparam // yaml.Unmarshaler requires this signature.
	*l = lineNumber(node.Line)
	return nil
}

// text is a string in the configuration with its line.
type text struct {
	value string
	line  lineNumber
}

// UnmarshalYAML decodes a string.
func (t *text) UnmarshalYAML(node *yaml.Node) error {
	t.line = lineNumber(node.Line)
	return node.Decode(&t.value)
}

// MarshalYAML returns the string.
func (t text) MarshalYAML() (any, error) { return t.value, nil } //nolint:unparam // yaml.Marshaler requires this signature.

// IsZero reports whether the string is empty, for omitempty.
func (t text) IsZero() bool { return t.value == "" }
