// Package dashboard serves a live page about the metrics of a program: the state of its collectors, its
// metrics and how they change, the labels that make them large, and, with [Opts.History], their history from
// before the page was opened.
//
// The page is an [http.Handler] in the program itself and needs no other server:
//
//	http.Handle("/debug/dashboard/", dashboard.Handler(metric.DefaultGatherer, dashboard.Opts{}))
//
// All links of the page are relative to its URL. It works under any path that ends with a slash, with and
// without [http.StripPrefix], and behind proxies that add or remove a path prefix.
//
// # Access
//
// By default, the handler answers only requests from the same machine; see [Opts.Allow]. The dashboard is
// read-only. It removes credentials that it recognizes from error texts, but it shows label values as they
// are exposed, and these may include names of hosts and users.
//
// # Cost
//
// Without [Opts.History], nothing is sampled while no page is open. While pages are open, and for 30 seconds
// after the last one is closed, one sampler gathers every [Opts.Interval] for all of them. With Opts.History,
// it also gathers every [Opts.HistoryInterval] while no page is open. The sampler never starts a gathering
// before the previous one has ended, and [Opts.MaxBytes] bounds the memory for samples.
//
// # Without a browser
//
// A client that does not accept HTML, such as curl, gets the collectors as plain text, which is also
// available at collectors.txt. The data of the page is available as JSON at api/collectors, api/metrics,
// api/family, api/plot, api/cardinality, api/changes and api/history; its format may change between versions.
// A request takes a sample if there is no recent one. The path metrics serves an exposition and accepts the
// parameters of [metric.HandlerForContext].
//
// # Shutdown
//
// An open page keeps a request open. The dashboard ends it when [http.Server.Shutdown] is called. Otherwise,
// Shutdown would wait for it. Call [Dashboard.Close] to end the sampling, too, for example from
// [http.Server.RegisterOnShutdown].
package dashboard
