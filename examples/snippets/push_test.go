package snippets

import (
	"context"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/push"
	"github.com/luxfi/metric/push/remotewrite"
	"github.com/luxfi/metric/relabel"
)

// The snippets of docs/push.md.
var _ = []any{pushService, pushJob, pushRelabeled, pushTargets, pushEvery}

func pushService(ctx context.Context, registry *metric.ContextRegistry, hostname string) error {
	pusher, err := remotewrite.New("http://prometheus:9090/api/v1/write", registry, remotewrite.Opts{
		ExternalLabels: metric.Labels{"job": "importer", "instance": hostname},
	})
	if err != nil {
		return err
	}
	registry.MustRegister(pusher) // its own metrics
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = pusher.Run(ctx) // pushes every 15 seconds until ctx is done
	return errors.Join(err, pusher.Close(context.Background()))
}

func pushJob(registry *metric.ContextRegistry, work func() error) error {
	pusher, err := remotewrite.New("http://prometheus:9090/api/v1/write", registry, remotewrite.Opts{
		ExternalLabels: metric.Labels{"job": "nightly-import"},
		KeepOnClose:    true,
	})
	if err != nil {
		return err
	}
	err = work()
	return errors.Join(err, pusher.Close(context.Background())) // Close pushes.
}

func pushRelabeled(opts *remotewrite.Opts) error {
	pipeline, err := relabel.Parse([]byte(`
- action: drop
  source_labels: [__name__]
  regex: go_gc_.*
`))
	if err != nil {
		return err
	}
	opts.Relabel = pipeline
	return nil
}

func pushTargets(opts *remotewrite.Opts, token string) {
	opts.Target.Header = http.Header{"Authorization": {"Bearer " + token}} // for the URL that New is called with
	opts.Targets = []remotewrite.Target{
		{URL: "https://mimir.example.com/api/v1/push", Header: http.Header{"X-Scope-OrgID": {"team"}}},
		{Name: "standby", URL: "https://user:password@standby.example.com/api/v1/write"},
	}
}

func pushEvery(ctx context.Context, registry *metric.ContextRegistry) error {
	loop := push.Every(ctx, func(ctx context.Context) error {
		partial := push.Partial(ctx, registry)
		err := push.New("http://pushgateway:9091", "importer").Gatherer(partial).PushContext(ctx)
		return errors.Join(err, partial.Err())
	}, push.LoopOpts{Name: "pushgateway", Registry: registry})

	<-ctx.Done()       // The program works until then.
	return loop.Wait() // Wait returns the error of the last push.
}
