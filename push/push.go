// Package push pushes metrics to a Pushgateway: client_golang's package of that name,
// under the import path of this module.
//
// A Pusher's PushContext and AddContext end the request with their context, but not the
// gathering before it, and push nothing if something is missing. To gather under a
// context as well, give it metric.BindGatherer(ctx, registry).
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
