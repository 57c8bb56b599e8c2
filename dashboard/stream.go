package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/internal/engine"
)

const (
	// heartbeat is how long a stream may be silent. Many proxies cut connections that are silent for 60 s,
	// and some cut them after 30 s.
	heartbeat = 15 * time.Second
	// writeTimeout is how long a viewer may take to read an event.
	writeTimeout = 10 * time.Second
	// retryAfter is how long a page waits before it connects again.
	retryAfter = 2 * time.Second
)

// stream answers a request with server-sent events, until its context ends or the dashboard is closed.
func (d *Dashboard) stream(w http.ResponseWriter, r *http.Request) {
	specs, err := specsOf(r.URL.Query()["plot"])
	if err != nil {
		fail(w, badRequest(err))
		return
	}
	v, err := d.sampler.join()
	if err != nil {
		w.Header().Set("Retry-After", fmt.Sprint(int(retryAfter.Seconds())))
		fail(w, &answerError{http.StatusServiceUnavailable, err})
		return
	}
	defer d.sampler.leave(v)
	out := newEventWriter(w)
	if err := out.open(); err != nil {
		if errors.Is(err, http.ErrNotSupported) {
			fail(w, &answerError{http.StatusNotImplemented, errors.New("the page cannot be live: a middleware around the dashboard wraps " +
				"the http.ResponseWriter without Flush or Unwrap; see http.ResponseController")})
		}
		return
	}
	view := r.URL.Query().Get("view")
	e := &events{d: d, out: out, collectors: view == "collectors" || view == "history"}
	for i, spec := range specs {
		e.plots = append(e.plots, &livePlot{id: i, spec: spec})
	}
	e.serve(r, v)
}

// events are the events for one viewer.
type events struct {
	d          *Dashboard
	out        *eventWriter
	collectors bool // whether the viewer sees collectors
	shown      *api.Collectors
	plots      []*livePlot
}

// serve sends events until the viewer has left.
func (e *events) serve(r *http.Request, v *viewer) {
	s := e.d.sampler
	s.observe() // The first event must contain the current states, not those from the last time a page was open.
	e.out.event("hello", e.d.hello())
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	shutdown := e.d.servers.shutdownOf(r)
	for {
		e.add(s.current())
		if e.out.send() != nil {
			return
		}
		timer.Reset(heartbeat)
		select {
		case <-v.signal:
		case <-timer.C:
			e.out.comment()
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		case <-shutdown:
			return
		}
	}
}

// add adds the events of a moment.
func (e *events) add(now moment) {
	if now.tick.T != 0 || now.tick.Error != "" {
		e.out.event("tick", now.tick)
	}
	if e.collectors {
		e.addCollectors()
	}
	if now.latest == nil {
		return
	}
	for _, p := range e.plots {
		if plot := p.next(now, e.d.sampler.store); plot != nil {
			e.out.event("plot", plot)
		}
	}
}

// addCollectors adds the collectors, or only the changes.
func (e *events) addCollectors() {
	_ = engine.Try(func() error {
		after := e.d.tracker.rows(time.Now())
		event := after
		if e.shown != nil {
			event = changed(e.shown, after)
		}
		e.shown = after
		if event != nil {
			e.out.event("collectors", event)
		}
		return nil
	})
}

// hello returns the first event.
func (d *Dashboard) hello() api.Hello {
	return api.Hello{
		Now: time.Now().UnixMilli(), Program: d.opts.Title, Started: d.started.UnixMilli(),
		IntervalMs: milliseconds(d.opts.Interval), History: d.opts.History > 0, MetricsURL: d.opts.MetricsURL, TraceURL: d.opts.TraceURL,
	}
}

// livePlot is a plot that grows.
type livePlot struct {
	id    int
	spec  api.Spec
	sent  *api.Plot // what was sent last; nil before that
	until time.Time // the last time that was sent
	epoch int       // epoch of the past at that time
}

// next returns the new part of the plot, or nil if nothing is new.
func (p *livePlot) next(now moment, past query.Past) *api.Plot {
	whole := p.sent == nil || p.epoch != now.epoch
	if !whole && !now.latest.At.After(p.until) {
		return nil
	}
	plot := new(api.Plot)
	err := engine.Try(func() error {
		spec := p.spec
		if p.sent != nil {
			for _, line := range p.sent.Lines { // The plot keeps its lines even if other lines have become larger.
				spec.Keys = append(spec.Keys, line.Key)
			}
		}
		if !whole {
			plot = query.Plot(now.latest, past, spec, p.until)
			whole = !sameLines(p.sent, plot)
		}
		if whole {
			plot = query.Plot(now.latest, past, spec, time.Time{})
		}
		return nil
	})
	if err != nil {
		plot = &api.Plot{Error: shortError(err)}
	}
	plot.ID, plot.First = p.id, whole
	p.sent, p.epoch, p.until = plot, now.epoch, now.latest.At
	if n := len(plot.T); n > 0 {
		p.until = time.UnixMilli(plot.T[n-1])
	}
	return plot
}

// sameLines reports whether a page can append the times and lines of one plot to another plot.
func sameLines(a, b *api.Plot) bool {
	return a.Kind == b.Kind && a.Error == b.Error && a.Unit == b.Unit && a.Hidden == b.Hidden &&
		slices.EqualFunc(a.Lines, b.Lines, isSameLine) && sameBuckets(a.Heat, b.Heat)
}

// isSameLine reports whether a page may show two lines as one. A line has the labels of its group's only
// series, until the group gets others.
func isSameLine(a, b api.Line) bool { return a.Key == b.Key && slices.Equal(a.Labels, b.Labels) }

func sameBuckets(a, b *api.Heat) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.Upper, b.Upper) && slices.Equal(a.Lower, b.Lower)
}

// eventWriter writes server-sent events; see the HTML standard, section 9.2.
type eventWriter struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	buffer     bytes.Buffer // events to be sent
	id         uint64       // ID of the last event
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	return &eventWriter{w: w, controller: http.NewResponseController(w)}
}

// open sends the header. If events cannot be sent one by one, it sends nothing and returns an error that
// wraps http.ErrNotSupported.
func (e *eventWriter) open() error {
	header := e.w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("X-Accel-Buffering", "no") // for nginx
	fmt.Fprintf(&e.buffer, "retry: %d\n\n", retryAfter.Milliseconds())
	e.extend()
	return e.controller.Flush()
}

// extend sets the deadline of the next write, even if http.Server.WriteTimeout has passed.
func (e *eventWriter) extend() { _ = e.controller.SetWriteDeadline(time.Now().Add(writeTimeout)) }

// event adds an event.
func (e *eventWriter) event(name string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic("BUG: dashboard: " + err.Error())
	}
	e.id++
	fmt.Fprintf(&e.buffer, "id: %d\nevent: %s\ndata: %s\n\n", e.id, name, data)
}

// comment adds a comment, to keep the connection alive.
func (e *eventWriter) comment() { e.buffer.WriteString(":\n\n") }

// send sends the added events.
func (e *eventWriter) send() error {
	if e.buffer.Len() == 0 {
		return nil
	}
	defer e.buffer.Reset()
	e.extend()
	if _, err := e.w.Write(e.buffer.Bytes()); err != nil {
		return err
	}
	if err := e.controller.Flush(); err != nil {
		return err
	}
	// With HTTP/2, a deadline that passes while nothing is written ends the stream.
	_ = e.controller.SetWriteDeadline(time.Time{})
	return nil
}
