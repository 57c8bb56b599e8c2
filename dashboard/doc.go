// Package dashboard serves a live page about the metrics of a program: how its collectors are doing, what its
// metrics are and how they change, which labels make them large, and, with [Opts.History], how all of that was
// before the page was opened.
//
// The page is a handler of net/http, embedded in the program, and needs no other server:
//
//	http.Handle("/debug/dashboard/", dashboard.Handler(metric.DefaultGatherer, dashboard.Opts{}))
//
// It finds everything relative to its own URL, so it works under any path, with and without [http.StripPrefix], and
// behind proxies that add or remove a prefix.
//
// # Who may see it
//
// By default, the handler answers requests from the same machine only; see [Opts.Allow]. It changes nothing in the
// program. Error texts are shown without credentials, but metrics may have names of hosts and users in their labels.
//
// # What it costs
//
// Nothing is sampled while no page is open, unless [Opts.History] is set. While pages are open, and for 30 seconds
// after the last one, one sampler gathers every [Opts.Interval] for all of them. It never has two gatherings under
// way, and memory for the past is bounded by [Opts.MaxBytes]. With Opts.History, samples are also taken while no page is open,
// every [Opts.HistoryInterval].
//
// # Without a browser
//
// A client that does not accept HTML, such as curl, gets the collectors as plain text; so does collectors.txt. The
// data of the page are there as JSON, below api/: collectors, metrics, family, plot, cardinality, changes and
// history. A request takes a sample if there is no recent one. Below metrics is an exposition that takes the
// parameters of [metric.HandlerForContext].
//
// # Shutting down
//
// An open page holds a request for as long as it is open. The dashboard ends these requests when [http.Server.Shutdown]
// is called, which would otherwise wait for them. Call [Dashboard.Close] to end the sampling, too, for example from
// [http.Server.RegisterOnShutdown].
package dashboard
