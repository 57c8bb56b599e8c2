// Heat maps of histograms: time runs to the right and buckets upward. The color of a cell shows the
// observations per second in a bucket.

import { h, replace, setAttr, setText } from './dom.js';
import { clock, number, value } from './format.js';
import { color, timeSteps, timeTicks } from './plot.js';

const left = 68; // width of the y axis, as in line plots
const right = 12;
const top = 8;
const bottom = 26;
const steps = 12;

// bounds writes the bounds of a bucket.
function bounds(b, unit) {
  if (b.lower === -Infinity) return `≤ ${value(b.upper, unit)}`;
  if (b.upper === Infinity) return `> ${value(b.lower, unit)}`;
  return `${value(b.lower, unit)} – ${value(b.upper, unit)}`;
}

// bands returns the range of each bucket on the y axis, from 0 to 1. If there are no gaps between buckets,
// all have the same height. Otherwise, as in native histograms, the axis is logarithmic.
function bands(buckets) {
  const n = buckets.length;
  const even = buckets.map((_, i) => [i / n, (i + 1) / n]);
  const gaps = buckets.some((b, i) => i > 0 && b.lower > buckets[i - 1].upper);
  const tiny = 1e-100; // a zero bucket ends at or below this bound
  const positive = buckets.flatMap((b) => [b.lower, b.upper]).filter((x) => x > tiny && x < Infinity);
  if (!gaps || positive.length === 0 || buckets.some((b) => b.lower < -tiny && b.lower > -Infinity)) return even;
  const low = Math.log(Math.min(...positive)) - 0.7; // with room for the zero bucket
  const high = Math.log(Math.max(...positive)) + (buckets[n - 1].upper === Infinity ? 0.7 : 0);
  const place = (x) => (x <= tiny ? 0 : x === Infinity ? 1 : (Math.log(x) - low) / (high - low));
  return buckets.map((b) => [place(b.lower), place(b.upper)]);
}

export class HeatMap {
  constructor(data, title) {
    this.data = data;
    this.pointer = null; // {t, bucket}: the time and the bucket that are shown
    this.canvas = h('canvas', { 'aria-hidden': 'true' });
    this.area = h('div', {
      class: 'heat-area', tabindex: '0', role: 'slider', 'aria-orientation': 'horizontal',
      'aria-label': `Time and bucket in the heat map of ${title}`, 'aria-valuemin': '0', 'aria-valuemax': '0',
      'aria-valuenow': '0', 'aria-valuetext': 'no samples yet',
      onkeydown: (e) => this.key(e), onblur: () => this.point(null),
      onpointermove: (e) => this.hover(e), onpointerdown: (e) => this.hover(e), onpointerleave: () => this.point(null),
    }, this.canvas);
    this.scale = h('span', { class: 'heat-scale', 'aria-hidden': 'true' });
    this.most = h('span', { class: 'legend-value' });
    this.text = h('span', { class: 'heat-readout' });
    this.node = h('div', { class: 'heat' }, this.area, h('div', { class: 'heat-legend' },
      this.text, h('span', { class: 'heat-key' }, '0', this.scale, this.most)));
    this.tones = null;
    this.repaint = () => {
      this.tones = null;
      this.draw();
    };
    document.addEventListener('themechange', this.repaint);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.area);
  }

  destroy() {
    this.observer.disconnect();
    document.removeEventListener('themechange', this.repaint);
  }

  update() {
    this.draw();
  }

  // paintScale makes the scale of colors between two colors of the theme: a single hue, from near the
  // background to far from it, mixed in a color space in which equal steps look equal. The browser mixes the
  // colors of the legend, and the canvas uses them.
  paintScale() {
    if (!this.scale.firstChild) {
      replace(this.scale, Array.from({ length: steps }, (_, i) => h('span', {
        style: { background: `color-mix(in oklch, var(--heat-low), var(--heat-high) ${Math.round((100 * i) / (steps - 1))}%)` },
      })));
    }
    this.tones = [...this.scale.children].map((el) => getComputedStyle(el).backgroundColor);
  }

  // tone maps a rate to a color. The square root makes rare observations visible.
  tone(rate) {
    return this.tones[Math.min(steps - 1, Math.floor(Math.sqrt(rate / this.max) * steps))];
  }

  draw() {
    const { area, canvas, data } = this;
    const [width, height] = [area.clientWidth, area.clientHeight];
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const g = canvas.getContext('2d');
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    if (!this.tones) this.paintScale();
    this.layout(width, height);
    this.max = 0;
    for (const row of data.heat) if (row) for (const rate of row.values()) this.max = Math.max(this.max, rate);
    setText(this.most, number(this.max) + data.heatUnit);
    this.drawAxes(g);
    this.drawCells(g);
    this.readout(g);
  }

  layout(width, height) {
    const [from, to] = this.data.span();
    this.plot = { w: width - left - right, h: height - top - bottom };
    this.xOf = (ms) => left + ((ms - from) / Math.max(1, to - from)) * this.plot.w;
    this.yOf = (f) => top + (1 - f) * this.plot.h;
    this.bands = bands(this.data.buckets);
  }

  // column returns the left and right edges of a moment. Its column begins at the previous moment, but is at
  // most three usual steps wide.
  column(i) {
    const { t } = this.data;
    const step = i > 0 ? t[i] - t[i - 1] : (t[1] ?? t[0]) - t[0];
    const usual = t.length > 2 ? (t[t.length - 1] - t[0]) / (t.length - 1) : step;
    return [Math.max(left, this.xOf(t[i] - Math.min(step, 3 * usual))), this.xOf(t[i])];
  }

  drawCells(g) {
    const { data } = this;
    const place = new Map(data.buckets.map((b, i) => [b, this.bands[i]]));
    data.heat.forEach((row, i) => {
      if (!row) return;
      const [x0, x1] = this.column(i);
      for (const [bucket, rate] of row) {
        if (rate <= 0) continue;
        const [lo, hi] = place.get(bucket);
        const y = Math.round(this.yOf(hi));
        g.fillStyle = this.tone(rate);
        // Cells overlap by a fraction of a pixel, so that there are no seams.
        g.fillRect(x0, y, Math.max(1, x1 - x0 + 0.4), Math.max(1, Math.round(this.yOf(lo)) - y));
      }
    });
  }

  drawAxes(g) {
    const { data } = this;
    g.font = '12px system-ui, sans-serif';
    g.fillStyle = color('--plot-text');
    g.strokeStyle = color('--plot-grid');
    g.lineWidth = 1;
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    let free = Infinity;
    data.buckets.forEach((b, i) => {
      const y = Math.round(this.yOf(this.bands[i][1])) + 0.5;
      if (y > free - 18 || b.upper === Infinity) return;
      free = y;
      g.fillText(value(b.upper, data.unit), left - 8, y);
      g.beginPath();
      g.moveTo(left, y);
      g.lineTo(left + this.plot.w, y);
      g.stroke();
    });
    g.textAlign = 'center';
    const [from, to] = data.span();
    const step = timeSteps.find((x) => ((to - from) / x) * 84 <= this.plot.w) ?? timeSteps[timeSteps.length - 1];
    const ticks = [];
    for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step) ticks.push(ms);
    timeTicks(ticks, step).forEach((text, i) => {
      const x = this.xOf(ticks[i]);
      if (x < left + 20 || x > left + this.plot.w - 16) return;
      g.fillText(text, x, top + this.plot.h + 15);
    });
  }

  hover(e) {
    const box = this.area.getBoundingClientRect();
    const [px, py] = [e.clientX - box.left, e.clientY - box.top];
    const x = this.data.t.findIndex((_, i) => px >= this.column(i)[0] && px <= this.column(i)[1]);
    const f = 1 - (py - top) / this.plot.h;
    const y = this.bands.findIndex(([lo, hi]) => f >= lo && f < hi);
    this.point(x < 0 || y < 0 ? null : { t: this.data.t[x], bucket: this.data.buckets[y] });
  }

  key(e) {
    const { t, buckets } = this.data;
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
      Home: [-1e9, 0], End: [1e9, 0] }[e.key];
    if (e.key === 'Escape') this.point(null);
    if (!move || t.length === 0 || buckets.length === 0) return;
    e.preventDefault();
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    const at = this.at() ?? { x: t.length - 1, y: this.fullest(t.length - 1) };
    this.point({ t: t[clamp(at.x + move[0], t.length)], bucket: buckets[clamp(at.y + move[1], buckets.length)] });
  }

  // fullest returns the index of the bucket with the most observations at a moment.
  fullest(x) {
    let best = 0;
    this.data.buckets.forEach((b, i) => {
      const rate = (bucket) => this.data.heat[x]?.get(bucket) ?? 0;
      if (rate(b) > rate(this.data.buckets[best])) best = i;
    });
    return best;
  }

  point(pointer) {
    if (pointer === null && this.pointer === null) return;
    this.pointer = pointer;
    this.draw();
  }

  // at returns the indexes of the pointer's time and bucket, or null if they are gone: times move to the left
  // and leave.
  at() {
    if (!this.pointer) return null;
    const x = this.data.t.indexOf(this.pointer.t);
    const y = this.data.buckets.indexOf(this.pointer.bucket);
    return x < 0 || y < 0 ? null : { x, y };
  }

  readout(g) {
    const { data } = this;
    const at = this.at();
    if (!at) {
      const n = data.buckets.length;
      setText(this.text, n ? `${n} buckets · observations${data.heatUnit ? ' per second' : ''}` : 'No observations yet');
      return;
    }
    const rate = data.heat[at.x]?.get(data.buckets[at.y]) ?? 0;
    const text = `${clock(data.t[at.x])} · ${bounds(data.buckets[at.y], data.unit)} · ${number(rate)}${data.heatUnit}`;
    setText(this.text, text);
    setAttr(this.area, 'aria-valuemax', data.t.length - 1);
    setAttr(this.area, 'aria-valuenow', at.x);
    setAttr(this.area, 'aria-valuetext', text);
    const [x0, x1] = this.column(at.x);
    const [lo, hi] = this.bands[at.y];
    g.strokeStyle = color('--plot-text');
    g.lineWidth = 1.5;
    g.strokeRect(x0, this.yOf(hi), Math.max(3, x1 - x0), this.yOf(lo) - this.yOf(hi));
  }
}
