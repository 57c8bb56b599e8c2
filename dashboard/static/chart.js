// Small line charts of one number over time, for figures about the dashboard itself. plot.js draws metrics.

import { h, s, setAttr, setText } from './dom.js';
import { clock } from './format.js';

const width = 400;
const height = 72;

// Chart is a line chart with a title. format formats its numbers. If fromZero is true, the scale begins at 0.
export class Chart {
  constructor({ title, format, fromZero = true }) {
    this.format = format;
    this.fromZero = fromZero;
    this.last = h('span', { class: 'chart-last' });
    this.range = h('span', { class: 'chart-range' });
    this.from = h('span');
    this.to = h('span');
    this.line = s('path', { class: 'chart-line', 'vector-effect': 'non-scaling-stroke' });
    this.area = s('path', { class: 'chart-area' });
    this.svg = s('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' }, this.area, this.line);
    this.title = title;
    this.el = h('figure', { class: 'card chart' },
      h('figcaption', null, h('span', null, title), this.range, this.last),
      h('div', { class: 'chart-plot' }, this.svg),
      h('div', { class: 'chart-times' }, this.from, this.to));
  }

  // set shows points, each [time, value], oldest first.
  set(points) {
    if (points.length === 0) return;
    const values = points.map(([, v]) => v);
    const max = Math.max(...values);
    const min = Math.min(...values);
    const flat = max === min && !this.fromZero;
    const bottom = this.fromZero ? 0 : flat ? min - 1 : min;
    const top = Math.max(flat ? max + 1 : max, bottom + 1e-9); // A constant value is in the middle.
    const [start, end] = [points[0][0], points.at(-1)[0]];
    const x = (t) => (end > start ? ((t - start) / (end - start)) * width : width).toFixed(1);
    const y = (v) => (height - ((v - bottom) / (top - bottom)) * height).toFixed(1);
    const path = points.map(([t, v]) => `${x(t)} ${y(v)}`).join('L');
    setAttr(this.line, 'd', `M${path}`);
    setAttr(this.area, 'd', `M${x(start)} ${height}L${path}V${height}z`);
    setText(this.last, this.format(values.at(-1)));
    setText(this.range, this.rangeText(min, max));
    setText(this.from, clock(start));
    setText(this.to, clock(end));
    setAttr(this.svg, 'aria-label', `${this.title}: ${this.format(min)} to ${this.format(max)}, last ${this.format(values.at(-1))}`);
  }

  // rangeText describes the range of the vertical axis.
  rangeText(min, max) {
    if (this.fromZero) return `up to ${this.format(max)}`;
    return min === max ? '' : `${this.format(min)} to ${this.format(max)}`;
  }
}
