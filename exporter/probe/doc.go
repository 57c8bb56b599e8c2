// Package probe serves probes as blackbox_exporter does: a request names a target and a module, and
// the answer has what a probe of the target has found.
//
// A program provides [Prober] values, each of which makes a [Func] of the settings of a module. A
// [Handler] serves them:
//
//	GET /probe?target=https://example.com&module=http_2xx
//
// # Modules
//
// A module is a way of probing that the configuration gives a name. It consists of a prober, a
// timeout and the settings of that prober:
//
//	modules:
//	  http_2xx:
//	    prober: http # Not needed if the program has only one.
//	    timeout: 5s
//	    status: 200  # A setting of the prober.
//
// A request may leave out the module if there is only one, or one named default. If the configuration
// has no modules, and the program has a single prober that makes do with its default settings, there
// is a module default. Keys that neither the kit nor the prober knows are errors.
//
// # Answers
//
// Each answer to a probe has the status 200 and the metrics probe_success and
// probe_duration_seconds, whatever happens: the prober fails, panics or hangs, or a limit refuses
// the probe. The metrics that the prober has set by then are beside them, and no others. The duration
// is that of the call of the Func, without the time for which the probe has waited; if it has not
// been called, it is the time of waiting. The answer is in the format that the client asks for.
//
// Requests that cannot be probes get other answers: 400 if the target is missing, repeated or not
// valid, or the module is unknown; 403 if the target is not allowed; 405 for methods other than GET
// and HEAD. HEAD probes nothing.
//
// With debug=true, the answer is a text for people: the log of the probe at all levels, up to
// 64 KiB of it; its metrics; and the module. What looks like a credential is hidden, as it is in
// the log of the exporter and on the page of [Handler.Recent].
//
// # Deadline
//
// A probe ends when the header X-Prometheus-Scrape-Timeout-Seconds says, less [Opts.TimeoutOffset], or
// at the timeout of its module, whichever is earlier. A module without a timeout has one of 2 minutes. It
// also ends when the client goes away. The handler then waits up to 50 ms more for the Func to
// return, and as long for collectors in [Probe.Registry], and answers.
//
// # Targets
//
// A target is a host, host:port, or a URL with or without its scheme. The lists allow and deny of
// the configuration have patterns of hosts, each with optional ports:
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
// They mean the following:
//
//   - A target that a pattern of deny matches is not allowed.
//   - Link-local and unspecified addresses, and those of the metadata services of clouds, are
//     allowed only if a pattern of allow has that very address, or a network of nothing but such
//     addresses, as in 169.254.0.0/16. Neither * nor a pattern of names nor 0.0.0.0/0 is enough.
//   - Everything else is allowed if allow is empty, or if one of its patterns matches.
//
// The target is checked twice: as the request has it, and then the address of each connection that
// [Probe.Client] or [Probe.DialContext] makes, after its name has been resolved. A host that a
// pattern of names allows may have any address that is neither denied nor one of those that must be
// allowed explicitly. Any other name is allowed if its address is. It does not matter where a
// name leads at another time, or where a redirection does: the same rules apply to each. Client
// follows 10 of them at most, and uses no proxy, because a proxy would connect to anything.
//
// A prober that makes connections in other ways has only its target checked, without its address; and
// without its port, too, if the request does not name one.
//
// IPv4-mapped IPv6 addresses are taken as the IPv4 addresses that they are. Names are compared in
// lower case, in Punycode, and without a trailing dot. Forms such as 2130706433, 0x7f.1 and 010.0.0.1,
// which some programs read as an address and others as a name, are not valid. Neither are paths and
// Unix sockets, whatever is allowed: there is no pattern for them.
//
// # Limits
//
// At most targets.max_concurrent probes run at once (100 by default), and max_per_target (4) of one
// target by one module. Others wait, under their own deadline. If ten times max_concurrent probes wait
// already, or ten times max_per_target of the same target, a probe fails at once.
//
// A Func that does not return in time is left behind. It no longer counts among all probes, but still
// as one of its target: if all that a target may have are left behind, further probes of it fail at
// once. So a target that hangs costs others nothing, and piles nothing up. If ten times
// max_concurrent probes are left behind, all probes fail until some return. Requests by Client and
// connections by DialContext end with the probe even if the Func has forgotten its context.
package probe
