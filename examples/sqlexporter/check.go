package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric/exporter"
)

var (
	// collectorPart matches names of queries and databases. These names become parts of collectors'
	// names.
	collectorPart = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$`)
	metricName    = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
	labelName     = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
)

// databaseLabel is the label that names the database. All metrics have it.
const databaseLabel = "database"

// checker collects the errors of a configuration.
type checker struct {
	file string
	errs []error
}

// errorf adds an error about the part of the configuration at path, in the given line.
func (c *checker) errorf(line lineNumber, path, format string, args ...any) {
	where := cmp.Or(c.file, "configuration")
	if line > 0 {
		where = fmt.Sprintf("%s:%d", where, line)
	}
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %w", where, path, fmt.Errorf(format, args...)))
}

// oneOf adds an error if the text is not one of the allowed ones.
func (c *checker) oneOf(t text, line lineNumber, path string, allowed []string) {
	switch {
	case t.value == "":
		c.errorf(line, path, "it is missing; allowed are: %s", strings.Join(allowed, ", "))
	case !slices.Contains(allowed, t.value):
		c.errorf(t.line, path, "%q is unknown; allowed are: %s", t.value, strings.Join(allowed, ", "))
	}
}

// labels adds an error for each invalid label name.
func (c *checker) labels(line lineNumber, path string, names []string) {
	for i, name := range names {
		switch {
		case !labelName.MatchString(name) || strings.HasPrefix(name, "__"):
			c.errorf(line, path, "%q cannot be the name of a label; allowed are letters, digits and _, not starting with a digit or __ (rename a column with AS)", name)
		case name == databaseLabel:
			c.errorf(line, path, "the label %q is reserved for the name of the database (rename a column with AS)", name)
		case slices.Contains(names[:i], name):
			c.errorf(line, path, "the label %q occurs twice", name)
		}
	}
}

// check returns the databases that settings describe, sorted by name. Its error lists everything that is
// wrong with the settings. File is the path of the configuration file.
func check(file string, s *settings) ([]database, error) {
	c := &checker{file: file}
	queries := map[string]query{}
	for _, name := range slices.Sorted(maps.Keys(s.Queries)) {
		queries[name] = c.query(name, s.Queries[name])
	}
	var extra []string // names of the labels of all databases
	for _, d := range s.Databases {
		extra = append(extra, slices.Collect(maps.Keys(d.Labels))...)
	}
	var databases []database
	for _, name := range slices.Sorted(maps.Keys(s.Databases)) {
		d := c.database(name, s.Databases[name])
		for _, label := range extra {
			d.labels[label] = s.Databases[name].Labels[label]
		}
		for _, q := range c.queriesOf(name, s) {
			d.queries = append(d.queries, queries[q])
		}
		databases = append(databases, d)
	}
	c.clashes(s, databases, extra)
	return databases, errors.Join(c.errs...)
}

// database checks a database, except for its queries.
func (c *checker) database(name string, s databaseSettings) database {
	path := "databases." + name
	line := s.line
	if !collectorPart.MatchString(name) {
		c.errorf(line, path, "%q cannot be the name of a database; allowed are letters, digits and _ . - (it is a part of the names of collectors)", name)
	}
	c.oneOf(s.Driver, line, path+".driver", driverNames())
	if s.MaxConnections < 0 {
		c.errorf(line, path+".max_connections", "it is %d, but must be positive", s.MaxConnections)
	}
	if s.ConnectTimeout < 0 {
		c.errorf(line, path+".connect_timeout", "it is %v, but must be positive", s.ConnectTimeout)
	}
	c.labels(line, path+".labels", slices.Sorted(maps.Keys(s.Labels)))
	d := database{name: name, labels: map[string]string{databaseLabel: name}}
	d.connection = connection{
		name: name, driver: s.Driver.value, dsn: s.DSN, dir: filepath.Dir(c.file),
		maxConnections: cmp.Or(max(s.MaxConnections, 0), defaultMaxConnections),
		connectTimeout: max(s.ConnectTimeout, 0),
		readOnly:       s.ReadOnly == nil || *s.ReadOnly,
	}
	if s.DSN.Reveal() == "" {
		c.errorf(line, path+".dsn", "it is missing or empty")
	} else if kind, ok := drivers[s.Driver.value]; ok {
		if _, err := kind.connector(d.connection); err != nil {
			c.errorf(line, path+".dsn", "%w", err)
		}
	}
	return d
}

// queriesOf returns the sorted names of the queries that run on a database: those that the database
// lists, or otherwise all queries except those that list only other databases.
func (c *checker) queriesOf(name string, s *settings) []string {
	var names []string
	for _, q := range s.Databases[name].Queries {
		path := fmt.Sprintf("databases.%s.queries", name)
		switch listed, ok := s.Queries[q.value]; {
		case !ok:
			c.errorf(q.line, path, "there is no query %q; allowed are: %s", q.value, strings.Join(slices.Sorted(maps.Keys(s.Queries)), ", "))
		case slices.Contains(names, q.value):
			c.errorf(q.line, path, "%q occurs twice", q.value)
		case !listed.mayRunOn(name):
			c.errorf(q.line, path, "the query %q is for other databases, which queries.%s.databases lists", q.value, q.value)
		default:
			names = append(names, q.value)
		}
	}
	if s.Databases[name].Queries == nil {
		for q, settings := range s.Queries {
			if settings.mayRunOn(name) {
				names = append(names, q)
			}
		}
	}
	slices.Sort(names)
	return names
}

// mayRunOn reports whether the query may run on the named database.
func (s querySettings) mayRunOn(database string) bool {
	return len(s.Databases) == 0 || slices.ContainsFunc(s.Databases, func(t text) bool { return t.value == database })
}

// query checks a query.
func (c *checker) query(name string, s querySettings) query {
	path, line := "queries."+name, s.line
	switch {
	case name == "up":
		c.errorf(line, path, "the name is reserved for the collectors of sql_up")
	case !collectorPart.MatchString(name):
		c.errorf(line, path, "%q cannot be the name of a query; allowed are letters, digits and _ . - (it is a part of the names of collectors)", name)
	}
	if strings.TrimSpace(s.SQL.value) == "" {
		c.errorf(line, path+".sql", "it is missing")
	}
	noRows := text{cmp.Or(s.NoRows.value, noRowsOK), s.NoRows.line}
	c.oneOf(noRows, line, path+".no_rows", noRowsValues)
	if s.MaxSeries < 0 {
		c.errorf(line, path+".max_series", "it is %d, but must be positive", s.MaxSeries)
	}
	c.policy(path, s)
	q := query{
		name: name, sql: s.SQL.value, noRows: noRows.value,
		maxSeries: cmp.Or(max(s.MaxSeries, 0), defaultMaxSeries),
		policy:    exporter.Policy{Timeout: s.Timeout, Cache: s.Cache, Stale: s.Stale, Background: s.Interval},
	}
	if len(s.Metrics) == 0 {
		c.errorf(line, path+".metrics", "missing: a query needs at least one")
	}
	for i, m := range s.Metrics {
		q.metrics = append(q.metrics, c.metric(fmt.Sprintf("%s.metrics[%d]", path, i), cmp.Or(m.Name.line, m.line, line), m))
	}
	return q
}

// policy checks the policy of a query.
func (c *checker) policy(path string, s querySettings) {
	line := s.line
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"timeout", s.Timeout}, {"interval", s.Interval}, {"cache", s.Cache}, {"stale", s.Stale}} {
		if d.value < 0 {
			c.errorf(line, path+"."+d.key, "it is %v, but must be positive", d.value)
		}
	}
	switch longest := max(s.Cache, s.Interval); {
	case s.Cache > 0 && s.Interval > 0:
		c.errorf(line, path, "cache %v and interval %v: a query that runs in the background needs no cache", s.Cache, s.Interval)
	case s.Stale > 0 && s.Stale <= longest:
		c.errorf(line, path+".stale", "it is %v, but must be longer than cache or interval, %v", s.Stale, longest)
	}
}
