// Package push helps to push metrics: [Every] calls a function at an interval, [Partial]
// gathers for one push, and [Pusher] pushes to a Pushgateway. Package push/remotewrite pushes
// to servers that receive Prometheus's remote write.
//
// Pusher is client_golang's. Its PushContext and AddContext end the request with their
// context, but not the gathering before it, and push nothing if a collector fails. Pass it
// [Partial] as its Gatherer to gather under the context and to push the metrics of all other
// collectors, or metric.BindGatherer to gather under the context and to push everything or
// nothing.
//
//	loop := push.Every(ctx, func(ctx context.Context) error {
//		g := push.Partial(ctx, registry)
//		err := push.New(url, "backup").Gatherer(g).PushContext(ctx)
//		return errors.Join(err, g.Err())
//	}, push.LoopOpts{Name: "pushgateway", Registry: registry})
package push

import "github.com/prometheus/client_golang/prometheus/push"

type (
	// Pusher pushes to a Pushgateway. It is client_golang's. Call its methods that set options
	// before the first push.
	Pusher = push.Pusher
	// HTTPDoer is the part of [net/http.Client] that a Pusher uses; see Pusher.Client.
	HTTPDoer = push.HTTPDoer
)

// New returns a Pusher for the Pushgateway at url and for the grouping key job. Its Push and
// Add report an empty job or a URL that is not valid.
func New(url, job string) *Pusher { return push.New(url, job) }
