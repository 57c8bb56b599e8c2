// The connection to the server: one stream of events. It is closed while the tab is hidden and reopened after
// a loss.

const firstRetry = 1000;
const lastRetry = 15000;
const events = ['hello', 'tick', 'collectors', 'plot'];

// connect opens the stream of a view. what is {view, plots}, in which plots is a list of specs. handlers has
// a function for each event, which receives its data, and the function state, which receives {state, last,
// retryAt}: state is "live", "connecting", "lost" or "paused", last is the time of the last event, and
// retryAt is the time of the next attempt, both by the browser's clock. connect returns an object with the
// methods change(what), pause(), resume() and retry().
export function connect(what, handlers) {
  const stream = new Stream(what, handlers);
  stream.open();
  return stream;
}

class Stream {
  constructor(what, handlers) {
    this.what = what;
    this.handlers = handlers;
    this.source = null;
    this.delay = firstRetry;
    this.last = 0;
    this.lostOnce = false; // whether the stream has failed since the last event
    this.paused = false; // whether the reader, and not a hidden tab, has paused the stream
    this.silence = 15000; // milliseconds for which a live stream may be silent
    document.addEventListener('visibilitychange', () => this.visibility());
    window.addEventListener('online', () => this.retry());
  }

  open() {
    this.stop();
    if (this.paused || document.hidden) {
      this.report('paused');
      return;
    }
    this.report(this.lostOnce ? 'lost' : 'connecting');
    const source = new EventSource(streamURL(this.what));
    this.source = source;
    for (const name of events) {
      source.addEventListener(name, (event) => this.receive(source, name, event));
    }
    source.onerror = () => this.fail(source);
    this.watch(source);
  }

  receive(source, name, event) {
    if (source !== this.source) return; // a late event of a stream that has been replaced
    let data;
    try {
      data = JSON.parse(event.data);
    } catch {
      this.fail(source);
      return;
    }
    this.last = Date.now();
    this.delay = firstRetry;
    this.lostOnce = false;
    if (name === 'hello' && data.intervalMs > 0) this.silence = Math.max(15000, 4 * data.intervalMs);
    this.watch(source);
    this.report('live');
    this.handlers[name]?.(data);
  }

  // watch gives up a stream that is silent for too long, because a proxy may keep a dead connection open.
  watch(source) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fail(source), this.silence);
  }

  // fail closes the stream and tries again later. EventSource can do so itself, but without a back-off and
  // not after an HTTP error.
  fail(source) {
    if (source !== this.source) return;
    this.stop();
    this.lostOnce = true;
    const wait = this.delay * (0.8 + 0.4 * Math.random()); // so that pages do not reconnect all at once
    this.delay = Math.min(2 * this.delay, lastRetry);
    this.timer = setTimeout(() => this.open(), wait);
    this.report('lost', Date.now() + wait);
  }

  report(state, retryAt = 0) {
    this.handlers.state?.({ state, last: this.last, retryAt });
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  visibility() {
    if (document.hidden) {
      this.stop();
      this.report('paused');
    } else if (!this.source) {
      this.open();
    }
  }

  // change replaces the view and the plots.
  change(what) {
    if (streamURL(what) === streamURL(this.what) && this.source) return;
    this.what = what;
    this.open();
  }

  pause() {
    this.paused = true;
    this.open();
  }

  resume() {
    this.paused = false;
    this.open();
  }

  // retry tries at once if the connection is lost.
  retry() {
    if (!this.source && !this.paused && !document.hidden) this.open();
  }
}

function streamURL({ view, plots = [] }) {
  const params = new URLSearchParams({ view });
  for (const spec of plots) params.append('plot', JSON.stringify(spec));
  return `api/stream?${params}`;
}
