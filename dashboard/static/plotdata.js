// The data of one plot: takes api.Plot values, appends increments, and drops moments that have left the
// window.

// drawable converts a number of the API for drawing. NaN, infinities and missing numbers become gaps.
const drawable = (x) => (typeof x === 'number' && Number.isFinite(x) ? x : null);

export class PlotData {
  constructor(seconds) {
    this.windowMs = seconds * 1000;
    this.clear();
  }

  clear() {
    this.t = [];
    this.lines = []; // {key, labels, name, v}
    this.byKey = new Map();
    this.buckets = []; // {lower, upper}, ascending
    this.heat = []; // for each time, a Map from bucket to observations per second
    this.hasHeat = false;
    this.heatUnit = '/s'; // unit of heat; empty for gauge histograms, which have counts
    this.kind = '';
    this.unit = '';
    this.hidden = 0;
    this.error = '';
    this.loaded = false;
    this.events = 0;
  }

  // apply applies an api.Plot and reports whether lines or the kind of the plot have changed.
  apply(plot) {
    if (plot.first) this.clear();
    const shape = this.shape();
    this.loaded = true;
    this.events++;
    Object.assign(this, { kind: plot.kind, unit: plot.unit || '', hidden: plot.hidden || 0, error: plot.error || '' });
    const last = this.t[this.t.length - 1] ?? -Infinity;
    const times = plot.t || [];
    // A reconnected stream may repeat moments that the plot already has.
    let skip = 0;
    while (skip < times.length && times[skip] <= last) skip++;
    const before = this.t.length;
    this.t.push(...times.slice(skip));
    for (const l of plot.lines || []) {
      let line = this.byKey.get(l.key);
      if (!line) {
        line = { key: l.key, labels: l.labels || [], name: l.name || '', v: new Array(before).fill(null) };
        this.byKey.set(l.key, line);
        this.lines.push(line);
      }
      line.event = this.events;
      for (const x of l.v.slice(skip)) line.v.push(drawable(x));
    }
    for (const line of this.lines) while (line.v.length < this.t.length) line.v.push(null);
    if (plot.heat) this.applyHeat(plot.heat, skip);
    while (this.heat.length < this.t.length) this.heat.push(null);
    this.drop();
    return plot.first || shape !== this.shape();
  }

  // applyHeat appends the rows of a heat map. Native histograms may get new buckets at any time, so buckets
  // are identified by their bounds and not by their index.
  applyHeat(heat, skip) {
    this.hasHeat = true;
    this.heatUnit = heat.counts ? '' : '/s';
    const bound = (x) => (x === '+Inf' ? Infinity : x === '-Inf' ? -Infinity : Number(x));
    const known = new Map(this.buckets.map((b) => [b.lower + ' ' + b.upper, b]));
    const buckets = heat.upper.map((u, i) => {
      const b = { lower: bound(heat.lower[i]), upper: bound(u) };
      const key = b.lower + ' ' + b.upper;
      if (!known.has(key)) {
        known.set(key, b);
        this.buckets.push(b);
      }
      return known.get(key);
    });
    this.buckets.sort((a, b) => a.upper - b.upper);
    for (const row of (heat.rows || []).slice(skip)) {
      this.heat.push(new Map((row || []).map(([i, rate]) => [buckets[i], drawable(rate) || 0])));
    }
  }

  drop() {
    const from = this.t[this.t.length - 1] - this.windowMs;
    let n = 0;
    while (n < this.t.length && this.t[n] < from) n++;
    if (n === 0) return;
    this.t.splice(0, n);
    this.heat.splice(0, n);
    for (const line of this.lines) line.v.splice(0, n);
    // A line that the server still sends stays, even if all its numbers are gaps.
    const gone = this.lines.filter((l) => l.event !== this.events && l.v.every((v) => v === null));
    this.lines = this.lines.filter((l) => !gone.includes(l));
    for (const l of gone) this.byKey.delete(l.key);
  }

  shape() {
    return this.kind + this.unit + this.hasHeat + this.lines.map((l) => l.key).join('\n');
  }

  // span is the part of time that a plot shows: it grows up to the window, so that a plot without a past is
  // not an empty area with a few points at its right end.
  span() {
    const last = this.t[this.t.length - 1] ?? Date.now();
    const first = this.t[0] ?? last;
    const width = Math.min(this.windowMs, Math.max(last - first, Math.min(30000, this.windowMs)));
    return [last - width, last];
  }
}

// summary returns the smallest, the largest and the last value of a line. They are null if the line has no
// values.
export function summary(values) {
  let min = null;
  let max = null;
  let last = null;
  for (const v of values) {
    if (v === null) continue;
    if (min === null || v < min) min = v;
    if (max === null || v > max) max = v;
    last = v;
  }
  return { min, max, last };
}

// lineName returns the name of a line: the values of its labels, with the names of the labels if there are
// several.
export function lineName(line) {
  const labels = line.labels.length === 1
    ? line.labels[0][1] || '""'
    : line.labels.map(([n, v]) => `${n}=${v}`).join(', ');
  return [labels, line.name].filter(Boolean).join(' · ') || 'all series';
}
