// Package probe serves probes like blackbox_exporter: a request names a target and a module, and the
// answer contains the metrics that a probe of the target has set.
//
// A program provides [Prober] values, each of which makes a [Func] from the settings of a module. A
// [Handler] serves them:
//
//	GET /probe?target=https://example.com&module=http_2xx
//
// # Modules
//
// A module is a named way of probing in the configuration. It consists of a prober, a timeout and the
// settings of that prober:
//
//	modules:
//	  http_2xx:
//	    prober: http # Not needed if the program has only one.
//	    timeout: 5s
//	    status: 200  # A setting of the prober.
//
// A request may omit the module if the configuration has only one, or one named default. If the
// configuration has no modules and the program has a single prober that works with its default settings,
// a module default exists. A key is an error unless the handler or the prober defines it.
//
// # Answers
//
// Each answer to a probe has the status 200 and the metrics probe_success and probe_duration_seconds,
// even if the prober fails, panics or hangs, or if a limit refuses the probe. Its only other metrics are
// the metrics that the prober has set until then. The duration is how long the call of the Func took,
// without the time that the probe waited before. If the Func was not called, the duration is the time
// that the probe waited. The answer has the format that the client asks for.
//
// Requests that cannot be probes get other answers: 400 if the target is missing, repeated or invalid,
// or the module is unknown; 403 if the target is not allowed; 405 for methods other than GET and HEAD. A
// HEAD request does not cause a probe.
//
// With debug=true, the answer is a text for people. It contains the log of the probe at all levels, up
// to 64 KiB, the metrics, and the module. Texts that look like credentials are hidden in it, in the log
// of the exporter and on the page of [Handler.Recent].
//
// # Deadline
//
// A probe ends after the time in the header X-Prometheus-Scrape-Timeout-Seconds less
// [Opts.TimeoutOffset], or after the timeout of its module (2 minutes by default), whichever is shorter.
// It also ends when the client goes away. The handler then waits up to 50 ms for the Func to return, and
// again up to 50 ms for collectors in [Probe.Registry], and answers.
//
// # Targets
//
// A target is a host, host:port, or a URL with or without its scheme. The lists allow and deny in the
// configuration contain patterns of hosts, each with optional ports:
//
//	targets:
//	  allow:
//	    - db.example.com            # This host.
//	    - "*.example.com:80,443"    # Its subdomains, on these ports.
//	    - 10.0.0.0/8:9000-9100      # These addresses, on a range of ports.
//	    - "[2001:db8::/32]:443"
//	    - "*:9115"                  # Everything on this port.
//	  deny:
//	    - 10.0.0.1
//
// These rules apply:
//
//   - A target that matches a pattern in deny is not allowed.
//   - Link-local and unspecified addresses, and the addresses of cloud metadata services, are allowed
//     only by a pattern in allow that is the address itself or a network within such addresses, as in
//     169.254.0.0/16. The pattern *, a pattern of names, or 0.0.0.0/0 does not allow them.
//   - All other targets are allowed if allow is empty or one of its patterns matches.
//
// The handler checks the target as the request states it. Then it checks the address of each connection
// that [Probe.Client] or [Probe.DialContext] makes, after its name has been resolved. If the name of a
// host matches a pattern in allow, the host may have any address, except addresses that are denied and
// addresses that only their own pattern allows. A host with any other name is allowed if its address is
// allowed. The same rules apply to redirects, and whenever a name resolves to another address. Client
// follows at most 10 redirects. It uses no proxy, because a proxy would connect to anything.
//
// If a prober makes connections in other ways, the handler checks only the target as the request states
// it. It does not check the address, and checks the port only if the request names one.
//
// IPv4-mapped IPv6 addresses count as IPv4 addresses. Names are compared in lower case, in Punycode, and
// without a trailing dot. Forms such as 2130706433, 0x7f.1 and 010.0.0.1, which some programs interpret
// as an address and others as a name, are invalid. Paths and Unix sockets are invalid, too: no pattern
// can allow them.
//
// # Limits
//
// At most targets.max_concurrent probes (100 by default) run at the same time, and at most
// max_per_target (4 by default) of one target by one module. Other probes wait, under their own
// deadline. A probe fails at once if ten times max_concurrent probes are already waiting, or ten times
// max_per_target of the same target.
//
// A Func that does not return in time is abandoned. It no longer counts toward max_concurrent, but still
// toward max_per_target. If all probes that a target may have are abandoned, further probes of that
// target fail at once. So a target that hangs does not slow down others, and abandoned probes do not
// pile up. If ten times max_concurrent probes are abandoned, all probes fail until some return. Requests
// by Client and connections by DialContext end with the probe even if the Func ignores its context.
package probe
