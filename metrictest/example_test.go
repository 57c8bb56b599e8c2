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

// printer takes the place of a *testing.T.
type printer struct{}

func (printer) Helper() {}
func (printer) Errorf(format string, args ...any) {
	fmt.Printf(format+"\n", args...)
}

var temperature = metric.NewDesc("room_temperature_celsius", "Temperature of a room.", []string{"room"}, nil)

// rooms is a collector with a mistake: it sends a room twice.
type rooms struct{}

func (rooms) Describe(ch chan<- *metric.Desc) { ch <- temperature }
func (rooms) Collect(ch chan<- metric.Metric) {
	for _, room := range []string{"kitchen", "cellar", "kitchen"} {
		ch <- metric.MustNewConstMetric(temperature, metric.GaugeValue, 19, room)
	}
}

func ExampleTestCollector() {
	var t printer // in a test, the *testing.T
	metrictest.TestCollector(t, rooms{})
	// Output:
	// metrictest_test.rooms: it sends metrics that scrapes leave out, because they are not described, not consistent or not valid: collected metric "room_temperature_celsius" {room="kitchen"} was collected before with the same name and label values
}

func ExampleTestGatherer() {
	var t printer
	unsorted := metric.GathererFunc(func() ([]*metric.MetricFamily, error) {
		return []*metric.MetricFamily{family("b", "x"), family("a", "x")}, nil
	})
	metrictest.TestGatherer(t, unsorted)
	// Output:
	// metrictest_test.ExampleTestGatherer: Gather returned families that a handler cannot serve: the family "a" comes after "b"; families must be sorted by name, so that they can be merged
}

var orderCount = metric.NewDesc("orders", "Orders in the database.", nil, nil)

// orders is a collector that queries a database.
type orders struct {
	count func(context.Context) (float64, error)
}

func (o orders) Describe(ch chan<- *metric.Desc) { ch <- orderCount }
func (o orders) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	n, err := o.count(ctx)
	if err != nil {
		ch <- metric.NewInvalidMetric(orderCount, err)
		return
	}
	ch <- metric.MustNewConstMetric(orderCount, metric.GaugeValue, n)
}

// Collect serves gatherers that have no context. It has no deadline.
func (o orders) Collect(ch chan<- metric.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o.CollectWithContext(ctx, ch)
}

// TestCollector needs a backend that responds. If the backend hangs, only the method that takes a
// context must return. This example tests that by calling the method; a test of a stream collector
// calls metric.CollectStream.
func ExampleTestCollector_backendHangs() {
	var t printer
	answering := orders{func(context.Context) (float64, error) { return 3, nil }}
	metrictest.TestCollector(t, answering)

	hanging := orders{func(ctx context.Context) (float64, error) {
		<-ctx.Done() // like a query over a lost connection
		return 0, ctx.Err()
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	ch := make(chan metric.Metric, 1) // has room for everything that the collector sends
	hanging.CollectWithContext(ctx, ch)
	fmt.Println("It has returned and sent:", (<-ch).Write(new(metric.MetricData)))
	// Output:
	// It has returned and sent: context deadline exceeded
}

// A collector hangs, is released, and works again.
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

// A test checks a collector like this.
func Example() {
	_ = func(t *testing.T) {
		metrictest.TestCollector(t, rooms{})
		metrictest.TestGatherer(t, metric.DefaultGatherer)
	}
}
