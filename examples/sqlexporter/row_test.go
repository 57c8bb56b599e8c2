package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// newQueryCollector returns the collector of the only query in a configuration, whose database has the
// given DSN.
func newQueryCollector(t *testing.T, dsn, text string) *collector {
	t.Helper()
	d := mustLoad(t, dsn, text)[0]
	p, err := openPool(d.connection)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return newCollector(d.queries[0], d.labels, p)
}

// scrape returns the exposition of a registry with the collector, without comments, and the error of the
// scrape.
func scrape(t *testing.T, c metric.Collector) (page string, err error) {
	t.Helper()
	registry := metric.NewContextRegistry()
	if err := registry.RegisterWith(c, metric.WithName("q")); err != nil {
		t.Fatal(err)
	}
	_, err = registry.GatherWithContext(t.Context())
	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if response.Code != http.StatusOK {
		return "", err
	}
	var lines []string
	for line := range strings.Lines(response.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.ReplaceAll(line, `database="shop"`, "db"))
		}
	}
	return strings.Join(lines, ""), err
}

func TestRows(t *testing.T) {
	gauge := "{name: m, type: gauge, help: M., labels: [l], value: n}"
	for _, test := range []struct {
		name, sql, metric string
		want              string
		err               string // part of the expected error
	}{
		{"none", "SELECT 'a' AS l, 1 AS n WHERE false", gauge, "", ""},
		{"two", "VALUES ('a', 1), ('b', 2.5)", "{name: m, type: gauge, help: M., labels: [column1], value: column2}", "m{column1=\"a\",db} 1\nm{column1=\"b\",db} 2.5\n", ""},
		{"NULL value", "SELECT 'a' AS l, NULL AS n UNION ALL SELECT 'b', 2", gauge, "m{db,l=\"b\"} 2\n", ""},
		{"NULL label", "SELECT NULL AS l, 1 AS n", gauge, "m{db,l=\"\"} 1\n", ""},
		{"text", "SELECT 'a' AS l, '12.5' AS n", gauge, "m{db,l=\"a\"} 12.5\n", ""},
		{"wrong text", "SELECT 'a' AS l, 'x' AS n UNION ALL SELECT 'b', 1", gauge, "m{db,l=\"b\"} 1\n", `query q: row 1: metric m: column n: the text "x" is not a number`},
		{"duplicate", "SELECT 'a' AS l, 1 AS n UNION ALL SELECT 'a', 2", gauge, "m{db,l=\"a\"} 1\n", `query q: row 2: metric m: row 1 has the same labels "a"`},
		{"many errors", "SELECT 'a' AS l, 1 AS n UNION ALL SELECT 'a', 2 UNION ALL SELECT 'a', 2 UNION ALL SELECT 'a', 2 UNION ALL SELECT 'a', 2", gauge, "m{db,l=\"a\"} 1\n", "and 1 more"},
		{"missing column", "SELECT 1 AS a, 2 AS n", gauge, "", `metric m: there is no column "l"; the columns are: a, n`},
		{"ambiguous column", "SELECT 'a' AS l, 2 AS n, 3 AS n", gauge, "", `the result has several columns "n"`},
		{"binary label", "SELECT x'ff' AS l, 1 AS n", gauge, "", "column l: the text"},
		{"wrong SQL", "SELEC 1", gauge, "", "syntax error"},
		{"failure in the middle", "SELECT 'a' AS l, 1 AS n UNION ALL SELECT 'b', abs(-9223372036854775807 - 1)", gauge, "", "integer overflow"},
		{"counter", "SELECT 5 AS n", "{name: m_total, type: counter, help: M., value: n}", "m_total{db} 5\n", ""},
		{"negative counter", "SELECT -5 AS n", "{name: m_total, type: counter, help: M., value: n}", "", "a counter cannot be -5"},
		{"untyped", "SELECT 5 AS n", "{name: m, type: untyped, help: M., value: n}", "m{db} 5\n", ""},
		{"info", "SELECT '3.1' AS version", "{name: m_info, type: info, help: M., labels: [version]}", "m_info{db,version=\"3.1\"} 1\n", ""},
		{"scale", "SELECT 1500 AS ms", "{name: m_seconds, type: gauge, help: M., value: ms, scale: 0.001}", "m_seconds{db} 1.5\n", ""},
		{"static labels", "SELECT 1 AS n", "{name: m, type: gauge, help: M., value: n, static_labels: {a: b}}", "m{a=\"b\",db} 1\n", ""},
		{
			"values", "SELECT 'a' AS l, 1 AS x, 2 AS y UNION ALL SELECT 'b', NULL, 4",
			"{name: m, type: gauge, help: M., labels: [l], values: {live: x, dead: y}, value_label: kind}",
			"m{db,kind=\"dead\",l=\"a\"} 2\nm{db,kind=\"dead\",l=\"b\"} 4\nm{db,kind=\"live\",l=\"a\"} 1\n", "",
		},
		{
			"histogram", "SELECT 3 AS a, 5 AS b, 6 AS n, 4000 AS total",
			"{name: m, type: histogram, help: M., count: n, sum: total, buckets: {1: b, 0.1: a}, scale: 0.001}",
			"m_bucket{db,le=\"0.1\"} 3\nm_bucket{db,le=\"1\"} 5\nm_bucket{db,le=\"+Inf\"} 6\nm_sum{db} 4\nm_count{db} 6\n", "",
		},
		{"histogram that is not cumulative", "SELECT 3 AS a, 2 AS b, 6 AS n, 4 AS total", "{name: m, type: histogram, help: M., count: n, sum: total, buckets: {1: b, 0.1: a}}", "", "column b: the bucket 1 has 2, but buckets are cumulative: allowed is 3 to the count 6"},
		{"count with a fraction", "SELECT 1.5 AS n, 4 AS total", "{name: m, type: histogram, help: M., count: n, sum: total}", "", "column n: 1.5 is not a count"},
		{"histogram with NULL", "SELECT NULL AS n, 4 AS total", "{name: m, type: histogram, help: M., count: n, sum: total}", "", ""},
		{
			"summary", "SELECT 6 AS n, 4 AS total, 0.5 AS median",
			"{name: m, type: summary, help: M., count: n, sum: total, quantiles: {0.5: median}}",
			"m{db,quantile=\"0.5\"} 0.5\nm_sum{db} 4\nm_count{db} 6\n", "",
		},
		{"too many", "WITH RECURSIVE c(l) AS (SELECT 1 UNION ALL SELECT l + 1 FROM c LIMIT 1001) SELECT l, 1 AS n FROM c", gauge, "", "more than max_series 1000 series in 1001 rows"},
		{"writes", "CREATE TABLE x (n)", gauge, "", "readonly"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newQueryCollector(t, ":memory:", "databases: {shop: {driver: sqlite}}\nqueries:\n  q:\n    sql: >-\n      "+test.sql+"\n    metrics: ["+test.metric+"]\n")
			got, err := scrape(t, c)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
			if got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

func TestNoRows(t *testing.T) {
	for _, test := range []struct {
		noRows, sql string
		err         string
	}{
		{noRowsOK, "SELECT 1 AS n WHERE false", ""},
		{noRowsData, "SELECT 1 AS n WHERE false", "collector returned no data: no rows"},
		{noRowsError, "SELECT 1 AS n WHERE false", "it returned no rows"},
		{noRowsError, "SELECT NULL AS n", ""},
	} {
		t.Run(test.noRows+" "+test.sql, func(t *testing.T) {
			c := newQueryCollector(t, ":memory:", "databases: {shop: {driver: sqlite}}\nqueries: {q: {sql: "+test.sql+", no_rows: "+test.noRows+", metrics: [{name: m, type: gauge, help: M., value: n}]}}")
			_, err := scrape(t, c)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

// TestCollectorContract checks that the collector follows the rules for collectors.
func TestCollectorContract(t *testing.T) {
	metrictest.TestCollector(t, newQueryCollector(t, ":memory:", `
databases: {shop: {driver: sqlite, labels: {team: a}}}
queries:
  q:
    sql: SELECT 'a' AS l, 1 AS n, 2 AS total
    metrics:
      - {name: m, type: gauge, help: M., labels: [l], value: n}
      - {name: h, type: histogram, help: H., count: n, sum: total}
`))
}

// TestCollectorEnds checks that the collector returns, with the context's error, when its scrape ends.
func TestCollectorEnds(t *testing.T) {
	c := newQueryCollector(t, ":memory:", "databases: {shop: {driver: sqlite}}\nqueries: {q: {sql: SELECT 1 AS n, metrics: [{name: m, type: gauge, help: M., value: n}]}}")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ch := make(chan metric.Metric, 10)
	c.CollectWithContext(ctx, ch)
	if len(ch) != 1 {
		t.Fatalf("got %d metrics, want the error alone", len(ch))
	}
	if err := metric.Metric.Write(<-ch, nil); err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("got error %v", err)
	}
}
