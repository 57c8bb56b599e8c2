package main

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter"
)

// load checks a configuration whose databases have the given DSN.
func load(t *testing.T, dsn, text string) ([]database, error) {
	t.Helper()
	s := new(settings)
	decoder := yaml.NewDecoder(bytes.NewBufferString(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(s); err != nil {
		t.Fatal(err)
	}
	for name, d := range s.Databases {
		d.DSN = exporter.NewSecret(dsn)
		s.Databases[name] = d
	}
	return check("sql.yml", s)
}

// mustLoad is load for a valid configuration.
func mustLoad(t *testing.T, dsn, text string) []database {
	t.Helper()
	databases, err := load(t, dsn, text)
	if err != nil {
		t.Fatal(err)
	}
	return databases
}

func TestCheckDefaults(t *testing.T) {
	databases := mustLoad(t, ":memory:", `
databases:
  b: {driver: sqlite, labels: {team: shop}}
  a: {driver: sqlite, queries: [one]}
  c: {driver: sqlite, read_only: false, queries: []}
queries:
  one: {sql: SELECT 1 AS n, metrics: [{name: one, type: gauge, help: One., value: n}]}
  two: {databases: [b], sql: SELECT 1 AS n, metrics: [{name: two, type: gauge, help: Two., value: n}]}
`)
	var got []string
	for _, d := range databases {
		for _, q := range d.queries {
			got = append(got, q.name+"@"+d.name)
		}
		if d.labels["database"] != d.name || len(d.labels) != 2 {
			t.Errorf("database %s has labels %v", d.name, d.labels)
		}
		if d.connection.readOnly != (d.name != "c") || d.connection.maxConnections != defaultMaxConnections {
			t.Errorf("database %s has connection %+v", d.name, d.connection)
		}
	}
	if want := "one@a one@b two@b"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if q := databases[0].queries[0]; q.maxSeries != defaultMaxSeries || q.noRows != noRowsOK {
		t.Errorf("got query %+v", q)
	}
}

func TestCheckErrors(t *testing.T) {
	const db = "databases: {shop: {driver: sqlite}, old: {driver: sqlite}}\n"
	query := func(metrics string) string {
		return db + "queries:\n  q:\n    sql: SELECT 1\n    metrics:\n" + metrics
	}
	gauge := "      - {name: m, type: gauge, help: M., labels: [a], value: n}\n"
	for _, test := range []struct{ name, dsn, text, want string }{
		{"driver", ":memory:", "databases:\n  shop:\n    driver: oracle\n", `sql.yml:3: databases.shop.driver: "oracle" is unknown; allowed are: mysql, postgres, sqlite`},
		{"no driver", ":memory:", "databases:\n  shop: {}\n", "sql.yml:2: databases.shop.driver: it is missing; allowed are"},
		{"no dsn", "", "databases:\n  shop:\n    driver: sqlite\n", "sql.yml:3: databases.shop.dsn: it is missing"},
		{"database name", ":memory:", "databases: {a/b: {driver: sqlite}}", `"a/b" cannot be the name of a database`},
		{"database label", ":memory:", "databases: {a: {driver: sqlite, labels: {database: x}}}", `the label "database" is reserved for the name of the database`},
		{"connections", ":memory:", "databases: {a: {driver: sqlite, max_connections: -1}}", "databases.a.max_connections: it is -1, but must be positive"},
		{"unknown query", ":memory:", "databases:\n  a:\n    driver: sqlite\n    queries: [x]\n", `sql.yml:4: databases.a.queries: there is no query "x"`},
		{"unknown database", ":memory:", db + "queries: {q: {databases: [x], sql: SELECT 1, metrics: [{name: m, type: gauge, help: M., value: n}]}}", `there is no database "x"; allowed are: old, shop`},
		{"other database", ":memory:", "databases: {a: {driver: sqlite, queries: [q]}, b: {driver: sqlite}}\nqueries: {q: {databases: [b], sql: SELECT 1, metrics: [{name: m, type: gauge, help: M., value: n}]}}", `the query "q" is for other databases`},
		{"query name", ":memory:", db + "queries: {a@b: {sql: SELECT 1, metrics: [{name: m, type: gauge, help: M., value: n}]}}", `"a@b" cannot be the name of a query`},
		{"query up", ":memory:", db + "queries: {up: {sql: SELECT 1, metrics: [{name: m, type: gauge, help: M., value: n}]}}", "the name is reserved for the collectors of sql_up"},
		{"no sql", ":memory:", db + "queries: {q: {metrics: [{name: m, type: gauge, help: M., value: n}]}}", "sql.yml:2: queries.q.sql: it is missing"},
		{"no rows", ":memory:", db + "queries: {q: {sql: SELECT 1, no_rows: fine, metrics: [{name: m, type: gauge, help: M., value: n}]}}", `"fine" is unknown; allowed are: ok, no_data, error`},
		{"no metrics", ":memory:", db + "queries:\n  q:\n    timeout: 1s\n", "sql.yml:4: queries.q.metrics: missing: a query needs at least one"},
		{"cache and interval", ":memory:", db + "queries: {q: {sql: SELECT 1, cache: 1s, interval: 1s, metrics: [{name: m, type: gauge, help: M., value: n}]}}", "needs no cache"},
		{"stale", ":memory:", db + "queries: {q: {sql: SELECT 1, interval: 1m, stale: 30s, metrics: [{name: m, type: gauge, help: M., value: n}]}}", "stale: it is 30s, but must be longer than cache or interval, 1m0s"},
		{"negative", ":memory:", db + "queries: {q: {sql: SELECT 1, timeout: -1s, metrics: [{name: m, type: gauge, help: M., value: n}]}}", "queries.q.timeout: it is -1s, but must be positive"},
		{"metric name", ":memory:", query("      - {name: 1m, type: gauge, help: M., value: n}\n"), `sql.yml:6: queries.q.metrics[0].name: "1m" cannot be the name of a metric`},
		{"own name", ":memory:", query("      - {name: sql_up, type: gauge, help: M., value: n}\n"), `"sql_up" is reserved for the metrics of the exporter itself`},
		{"name of the runtime", ":memory:", query("      - {name: go_goroutines, type: gauge, help: M., value: n}\n"), `"go_goroutines" is reserved`},
		{"no name", ":memory:", query("      - type: gauge\n        help: M.\n        value: n\n"), `sql.yml:6: queries.q.metrics[0].name: "" cannot be`},
		{"metric type", ":memory:", query("      - {name: m, type: level, help: M., value: n}\n"), `metrics[0].type: "level" is unknown; allowed are: gauge, counter, untyped, info, histogram, summary`},
		{"help", ":memory:", query("      - {name: m, type: gauge, value: n}\n"), "metrics[0].help: it is missing"},
		{"info name", ":memory:", query("      - {name: m, type: info, help: M.}\n"), "must end in _info"},
		{"info value", ":memory:", query("      - {name: m_info, type: info, help: M., value: n}\n"), "value: a metric of type info does not have it"},
		{"label name", ":memory:", query("      - {name: m, type: gauge, help: M., value: n, labels: [a-b]}\n"), `"a-b" cannot be the name of a label`},
		{"label twice", ":memory:", query("      - {name: m, type: gauge, help: M., value: n, labels: [a], static_labels: {a: x}}\n"), `the label "a" occurs twice`},
		{"no value", ":memory:", query("      - {name: m, type: gauge, help: M.}\n"), "a gauge needs either value, a column, or values"},
		{"both values", ":memory:", query("      - {name: m, type: gauge, help: M., value: n, values: {a: n}, value_label: l}\n"), "needs either value"},
		{"no value label", ":memory:", query("      - {name: m, type: gauge, help: M., values: {a: n}}\n"), "need each other"},
		{"scale", ":memory:", query("      - {name: m, type: gauge, help: M., value: n, scale: 0}\n"), "scale: it is 0, but must be positive"},
		{"no count", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s}\n"), "a histogram needs the columns count and sum"},
		{"bucket", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s, count: n, buckets: {x: y}}\n"), `"x" is not a number from -Inf to +Inf`},
		{"bucket twice", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s, count: n, buckets: {1: y, 1.0: z}}\n"), "1 occurs twice"},
		{"quantile", ":memory:", query("      - {name: m, type: summary, help: M., sum: s, count: n, quantiles: {50: y}}\n"), `"50" is not a number from 0 to 1`},
		{"label le", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s, count: n, labels: [le]}\n"), "sql.yml:6: queries.q.metrics[0]: the label le is that of a histogram itself"},
		{"static label le", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s, count: n, static_labels: {le: x}}\n"), "the label le is that of a histogram itself"},
		{"label quantile", ":memory:", query("      - {name: m, type: summary, help: M., sum: s, count: n, labels: [quantile]}\n"), "the label quantile is that of a summary itself"},
		{"label le of databases", ":memory:", "databases: {x: {driver: sqlite, labels: {le: b}}}\nqueries: {q: {sql: SELECT 1, metrics: [{name: m, type: histogram, help: M., sum: s, count: n}]}}", "sql.yml:2: queries.q.metrics[0]: the label le is that of a histogram itself, but also one of the labels of a database"},
		{"name of a series", ":memory:", query("      - {name: m, type: histogram, help: M., sum: s, count: n}\n      - {name: m_count, type: gauge, help: M., value: n}\n"), "sql.yml:7: queries.q.metrics[1].name: m_count is also a series of the histogram m in queries.q.metrics[0]"},
		{"other type", ":memory:", query(gauge + "      - {name: m, type: counter, help: M., labels: [a], value: n}\n"), "sql.yml:7: queries.q.metrics[1].type: m is a counter here and a gauge in queries.q.metrics[0]"},
		{"other help", ":memory:", query(gauge + "      - {name: m, type: gauge, help: N., labels: [a], value: n}\n"), `m has the help "N." here and "M." in queries.q.metrics[0]`},
		{"other labels", ":memory:", query(gauge + "      - {name: m, type: gauge, help: M., labels: [b], value: n}\n"), `m has the labels ["b"] here and ["a"] in`},
		{"twice", ":memory:", query(gauge + gauge), "sql.yml:7: queries.q.metrics[1]: queries.q.metrics[0] defines m for the database old, too"},
		{"label of databases", ":memory:", "databases: {x: {driver: sqlite, labels: {a: b}}}\nqueries: {q: {sql: SELECT 1, metrics: [{name: m, type: gauge, help: M., labels: [a], value: n}]}}", `the label "a" is also one of the labels of a database`},
		{"postgres dsn", "postgres://u:s3cret@host:port/", "databases: {x: {driver: postgres}}", "databases.x.dsn: it is not valid for the driver postgres"},
		{"mysql dsn", "u:s3cret@host", "databases: {x: {driver: mysql}}", "databases.x.dsn: it is not valid for the driver mysql"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.dsn, test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got error %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error %v has the password", err)
			}
		})
	}
}

// TestCheckAll checks that check reports all errors of a configuration.
func TestCheckAll(t *testing.T) {
	_, err := load(t, ":memory:", "databases: {a: {driver: x}}\nqueries: {q: {}}")
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three errors", err)
	}
}
