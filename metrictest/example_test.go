package metrictest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// printer stands in for a *testing.T.
type printer struct{}

func (printer) Helper() {}
func (printer) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

var temperature = metric.NewDesc("room_temperature_celsius", "Temperature of a room.", []string{"room"}, nil)

// rooms has a mistake: it sends a room twice.
type rooms struct{}

func (rooms) Describe(ch chan<- *metric.Desc) { ch <- temperature }
func (rooms) Collect(ch chan<- metric.Metric) {
	for _, room := range []string{"kitchen", "cellar", "kitchen"} {
		ch <- metric.MustNewConstMetric(temperature, metric.GaugeValue, 19, room)
	}
}

func ExampleTestCollector() {
	var t printer // In a test, it is the *testing.T.
	metrictest.TestCollector(t, rooms{})
	// Output:
	// metrictest_test.rooms: what it sends is not what it describes, not consistent or not valid, and is left out of scrapes: collected metric "room_temperature_celsius" {room="kitchen"} was collected before with the same name and label values
}

func ExampleTestGatherer() {
	var t printer
	unsorted := metric.GathererFunc(func() ([]*metric.MetricFamily, error) {
		return []*metric.MetricFamily{family("b", "x"), family("a", "x")}, nil
	})
	metrictest.TestGatherer(t, unsorted)
	// Output:
	// prometheus.GathererFunc: Gather returned what a handler cannot serve: the family "a" comes after "b"; families have to be sorted by name, so that they can be merged
}

// A collector hangs, and is let go again.
func ExampleCollector() {
	database := metrictest.New("database_up", metrictest.Healthy())
	registry := metric.NewContextRegistry()
	registry.MustRegister(database)
	scrape := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		families, err := registry.GatherWithContext(ctx)
		fmt.Println(len(families), "family; timeout:", errors.Is(err, context.DeadlineExceeded), "still running:", errors.Is(err, metric.ErrStillRunning))
	}
	scrape()
	database.Become(metrictest.Stuck())
	scrape()
	scrape()
	database.Release()
	_ = database.Wait(context.Background())
	fmt.Println("runs:", database.Started())
	// Output:
	// 1 family; timeout: false still running: false
	// 0 family; timeout: true still running: false
	// 0 family; timeout: false still running: true
	// runs: 2
}

// A flaky collector behind a breaker.
func ExampleCycle() {
	flaky := metrictest.New("flaky", metrictest.Cycle(metrictest.Failing(errors.New("no luck")), metrictest.Healthy()))
	registry := metric.NewContextRegistry()
	if err := registry.RegisterWith(flaky, metric.WithStale(time.Hour)); err != nil {
		fmt.Println(err)
	}
	for range 4 {
		families, err := registry.Gather()
		fmt.Println(len(families), err != nil)
	}
	// Output:
	// 0 true
	// 1 false
	// 1 true
	// 1 false
}

// In a test of one's own.
func Example() {
	_ = func(t *testing.T) {
		metrictest.TestCollector(t, rooms{})
		metrictest.TestGatherer(t, metric.DefaultGatherer)
	}
}
