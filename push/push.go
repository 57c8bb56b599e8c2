// Package push helps to push metrics: [Every] calls a function at an interval, [Partial] gathers for one
// push, and [Pusher] pushes to a Pushgateway. Package push/remotewrite pushes to servers that receive
// Prometheus's remote-write protocol.
//
// [Pusher] is client_golang's type. The context of its PushContext and AddContext methods ends the request,
// but not the gathering before it, and the methods push nothing if a collector fails. To gather under the
// context, give the Pusher another Gatherer: with [Partial], it pushes the metrics of all collectors that
// succeed; with metric.BindGatherer, it pushes either everything or nothing.
//
//	loop := push.Every(ctx, func(ctx context.Context) error {
//		g := push.Partial(ctx, registry)
//		err := push.New(url, "backup").Gatherer(g).PushContext(ctx)
//		return errors.Join(err, g.Err())
//	}, push.LoopOpts{Name: "pushgateway", Registry: registry})
package push

import "github.com/prometheus/client_golang/prometheus/push"

type (
	// Pusher pushes to a Pushgateway. It is client_golang's type. Call the methods that set options before
	// the first push.
	Pusher = push.Pusher
	// HTTPDoer is the part of [net/http.Client] that a [Pusher] uses; see its Client method.
	HTTPDoer = push.HTTPDoer
)

// New returns a [Pusher] for the Pushgateway at url and for the grouping key job. The Push and Add methods
// report an empty job or an invalid URL.
func New(url, job string) *Pusher { return push.New(url, job) }
