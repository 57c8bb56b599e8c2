// Package remotewrite pushes metrics to Prometheus and to other servers that receive its remote-write
// protocol, such as VictoriaMetrics, Mimir and the OpenTelemetry Collector.
//
// It is for processes that no server can scrape: batch jobs, devices behind a firewall, and services whose
// metrics are stored elsewhere.
//
// # Quick start
//
// [New] returns a [Pusher] for a registry, or for any other gatherer that takes a context. A service calls
// [Pusher.Run], which pushes at an interval, and then [Pusher.Close]:
//
//	pusher, err := remotewrite.New("http://prometheus:9090/api/v1/write", registry, remotewrite.Opts{
//		ExternalLabels: metric.Labels{"job": "importer", "instance": hostname},
//	})
//	if err != nil {
//		return err
//	}
//	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
//	defer stop()
//	err = pusher.Run(ctx) // Returns after a signal.
//	return errors.Join(err, pusher.Close(context.Background()))
//
// A batch job sets Opts.KeepOnClose and calls only Close, because Close pushes, too. A job that wants to push
// in between calls [Pusher.Push].
//
// A Pusher adds no job and instance labels. Set them in Opts.ExternalLabels: without them, the series of two
// processes are the same series.
//
// # Targets
//
// A Pusher sends to the receiver that is passed to [New] and to the receivers in Opts.Targets. Each push
// gathers once for all of them. A target that is slow or down delays neither the gathering nor another
// target.
//
// A Pusher uses version 2.0 of the protocol, or version 1.0 if the target does not accept 2.0; see [Auto].
//
// # Guarantees
//
// A push appends compressed requests to a queue. Each target receives them in order and at its own pace. A
// request stays in the queue until every target has accepted or rejected it. If the queue is full, the
// Pusher drops the oldest requests.
//
//   - A request is sent again after a 5xx status, after 429, without a connection, and without an answer
//     within Opts.RequestTimeout.
//   - A request is not sent again after any other status. The Pusher counts the samples that the target did
//     not accept as failed. The protocol demands this: such a request would never succeed.
//   - Delivery is at least once. Receivers ignore a sample that they already have.
//   - Every sample is counted for each target: as sent, failed or dropped, or as pending while it is in the
//     queue. [Pusher.Status] and the metrics of [Pusher.Collect] show the counts.
//
// By default, the queue is in memory, and requests that are left when the Pusher is closed are lost. With
// Opts.QueueDir it is on disk, and the next Pusher with that directory sends them, even after the process was
// killed. The files are not synced, so a power failure can cost the last requests.
//
// Collectors run as in a scrape: they receive the context of the push with its deadline, and one that fails,
// panics or hangs costs only its own metrics.
//
// A series that the previous push had and this one lacks is marked as stale. Close marks all series, unless
// Opts.KeepOnClose is set.
//
// # More
//
// The page docs/push.md in the repository describes what is sent, how failures are handled and how to watch a
// Pusher, with alert rules. Package push has a loop for other ways to push.
package remotewrite
