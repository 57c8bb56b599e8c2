// Package push sends metrics to where they are kept: [Every] calls a function at an
// interval, [Partial] gathers for one push, and [Pusher] pushes to a Pushgateway. The
// package push/remotewrite pushes to servers that receive Prometheus's remote write.
//
// Pusher is client_golang's. Its PushContext and AddContext end the request with their
// context, but not the gathering before it, and push nothing if something is missing. Give
// it [Partial] as its Gatherer to gather under the context and to push what there is, or
// metric.BindGatherer to push everything or nothing.
//
//	loop := push.Every(ctx, func(ctx context.Context) error {
//		g := push.Partial(ctx, registry)
//		err := push.New(url, "backup").Gatherer(g).PushContext(ctx)
//		return errors.Join(err, g.Err())
//	}, push.LoopOpts{Name: "pushgateway", Registry: registry})
package push

import "github.com/prometheus/client_golang/prometheus/push"

type (
	// Pusher pushes to a Pushgateway, under the URL and the job that it was made for.
	Pusher = push.Pusher
	// HTTPDoer is what a Pusher needs of an http.Client.
	HTTPDoer = push.HTTPDoer
)

// New returns a Pusher for the Pushgateway at that URL. An error in the URL or the job
// is reported by its Push and Add.
func New(url, job string) *Pusher { return push.New(url, job) }
