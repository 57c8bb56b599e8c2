// Live line plots with uPlot: axes by unit, a cursor with a readout, a legend of buttons, and a table for
// readers who do not see the canvas.

import { cssColor, h, keyed, s, setAttr, setText, show } from './dom.js';
import { axis, clock, value } from './format.js';
import { lineName, summary } from './plotdata.js';

const palette = 8;
// Lines 0 to 3 are solid. The next ones have other dashes, so that 20 lines differ in color and dashes, and
// many even without color.
const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3], [14, 4]];
const gutter = 68; // width of the y axis, the same in all plots so that they line up

const colors = new Map();
document.addEventListener('themechange', () => colors.clear());

// color returns the color of a custom property in the current theme. It caches colors, because asking the
// browser forces it to compute styles, which is too slow for each line of each redraw.
export function color(name) {
  if (!colors.has(name)) colors.set(name, cssColor(name));
  return colors.get(name);
}

// looks returns the color and the dashes of each line. Quantiles of several groups have the color of their
// group.
function looks(lines) {
  const groups = [...new Set(lines.map((l) => JSON.stringify(l.labels)))];
  const names = [...new Set(lines.map((l) => l.name))];
  const grouped = groups.length > 1 && groups.length <= palette && names.length > 1 && names.length <= dashes.length;
  return lines.map((l, i) => {
    const [color, dash] = grouped ? [groups.indexOf(JSON.stringify(l.labels)), names.indexOf(l.name)] : [i, Math.floor(i / 4)];
    return { name: `--plot-${(color % palette) + 1}`, dash: dashes[dash % dashes.length] };
  });
}

// writer returns the function that formats the values of a plot by its kind and unit.
export function writer(kind, unit) {
  if (kind === 'states') return (x) => (x === 0 ? 'off' : x === 1 ? 'on' : value(x)); // A sum of several series is a number of series.
  if (kind !== 'rate') return (x) => value(x, unit);
  return (x) => (x === null ? value(null) : `${value(x, unit)}/s`);
}

// increments returns distances of ticks that are round numbers for readers: 64 MiB, 30 s, 5 min.
function increments(unit) {
  const list = [];
  if (unit === 'bytes') {
    for (let i = -10; i <= 60; i++) list.push(2 ** i);
    return list;
  }
  const inTime = unit === 'seconds' || unit === 'timestamp';
  const top = inTime ? 10 : 1e17;
  for (let e = -12; 10 ** e <= top; e++) for (const m of [1, 2, 5]) list.push(Number(`${m}e${e}`));
  if (!inTime) return list;
  const long = [60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800];
  for (let day = 86400; day < 1e10; day *= 10) long.push(day, 2 * day, 5 * day);
  return [...list.filter((x) => x <= 30), 30, ...long];
}

// yRange returns the range of the y axis. It includes zero unless the values are far from zero and vary
// little.
function yRange({ kind, unit }, min, max) {
  if (min === null || min === undefined || !Number.isFinite(min)) return [0, 1];
  if (unit === 'timestamp') return [min - 60, max + 60];
  if (min >= 0 && (kind !== 'value' || min === max || max - min > 0.3 * max)) {
    if (max === 0) return [0, 1];
    return uPlot.rangeNum(0, max, { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.1, soft: 0, mode: 0 } });
  }
  return uPlot.rangeNum(min, max, 0.15, false);
}

// timeSteps are the distances of ticks on time axes, in milliseconds.
export const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400].map((s) => s * 1000);

const pad = (n) => String(n).padStart(2, '0');

// timeTicks writes local times, with seconds only if ticks are less than a minute apart, or dates if they are
// a day or more apart.
export function timeTicks(splits, step) {
  return splits.map((ms) => {
    const d = new Date(ms);
    if (step >= 86400e3) return d.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    return `${pad(d.getHours())}:${pad(d.getMinutes())}${step < 60000 ? `:${pad(d.getSeconds())}` : ''}`;
  });
}

// isolated returns the points with gaps on both sides, which a line does not show.
function isolated(values) {
  return values.map((_, i) => i).filter((i) => values[i] !== null &&
    (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null);
}

// LinePlot draws the lines of a PlotData. Call update after each change of the data.
export class LinePlot {
  constructor(data, title) {
    this.data = data;
    this.hiddenKeys = new Set();
    this.cursor = null; // index of the moment that is shown; null means the last one
    this.area = h('div', {
      class: 'plot-area', tabindex: '0', role: 'slider', 'aria-label': `Time in the plot of ${title}`,
      'aria-valuemin': '0', 'aria-valuemax': '0', 'aria-valuenow': '0', 'aria-valuetext': 'no samples yet',
      onkeydown: (e) => this.key(e),
      onblur: () => this.moveTo(null),
    });
    this.time = h('span', { class: 'plot-time' });
    this.legend = h('ul', { class: 'legend' });
    this.caption = h('caption');
    this.tbody = h('tbody');
    this.table = h('div', { class: 'sr' }, h('table', null, this.caption,
      h('thead', null, h('tr', null, ['Line', 'Min', 'Max', 'Last'].map((t) => h('th', { scope: 'col' }, t)))), this.tbody));
    this.title = title;
    this.node = h('div', { class: 'plot' }, this.area, this.legend, this.table);
    this.repaint = () => this.u?.redraw(false);
    document.addEventListener('themechange', this.repaint);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.area);
  }

  destroy() {
    this.observer.disconnect();
    document.removeEventListener('themechange', this.repaint);
    this.u?.destroy();
    this.u = null;
  }

  // update draws the data. reshaped is true if lines have come or gone.
  update(reshaped) {
    const { data } = this;
    this.write = writer(data.kind, data.unit);
    this.area.classList.toggle('plot-states', data.kind === 'states');
    if (data.kind === 'states') this.area.style.height = `${Math.min(data.lines.length, 20) * 26 + 36}px`;
    if (reshaped || !this.u) this.build();
    else this.u.setData(this.columns());
    this.readout();
    this.describe();
  }

  columns() {
    const { kind, lines, t } = this.data;
    if (kind !== 'states') return [t, ...lines.map((l) => l.v)];
    // Each state has its own lane, the first one at the top.
    return [t, ...lines.map((l, i) => l.v.map((v) => (v === null ? null : this.lane(i) + (v ? 0.7 : 0))))];
  }

  lane(i) {
    return this.data.lines.length - 1 - i + 0.15;
  }

  build() {
    this.u?.destroy();
    this.u = null;
    this.looks = looks(this.data.lines);
    this.buildLegend();
    const { data } = this;
    if (!this.area.clientWidth || data.lines.length === 0) return;
    this.u = new uPlot(this.options(), this.columns(), this.area);
  }

  options() {
    const { data } = this;
    const states = data.kind === 'states';
    const text = () => color('--plot-text');
    const grid = { stroke: () => color('--plot-grid'), width: 1 };
    const font = '12px system-ui, sans-serif';
    const common = { stroke: text, grid, ticks: { show: false }, font };
    return {
      width: this.area.clientWidth,
      height: this.area.clientHeight,
      ms: 1,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.25 },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        sync: { key: 'time', scales: ['x', null], setSeries: false },
        points: { size: 7, show: !states },
      },
      scales: {
        x: { time: true, range: () => data.span() },
        y: { range: (_, min, max) => (states ? [0, data.lines.length] : yRange(data, min, max)) },
      },
      axes: [
        { ...common, space: 84, size: 28, gap: 6, incrs: timeSteps, values: (_, splits, __, ___, step) => timeTicks(splits, step) },
        states ? this.laneAxis(common) : {
          ...common, size: gutter, gap: 6, space: 36, incrs: increments(data.unit),
          values: (_, splits, __, ___, step) => (data.unit === 'timestamp'
            ? timeTicks(splits.map((x) => x * 1000), step * 1000) : splits.map(this.tick())),
        },
      ],
      series: [{}, ...data.lines.map((l, i) => this.series(l, i))],
      hooks: { setCursor: [(u) => this.moved(u.cursor.idx)] },
    };
  }

  // tick returns the function that formats the numbers of the y axis.
  tick() {
    const write = axis(this.data.unit);
    const suffix = this.data.kind === 'rate' ? '/s' : '';
    return (x) => (x === 0 ? '0' : write(x) + suffix);
  }

  laneAxis(common) {
    const { data } = this;
    const cut = (text) => (text.length > 9 ? `${text.slice(0, 8)}…` : text);
    return {
      ...common, size: gutter, gap: 6, grid: { show: false },
      splits: () => data.lines.map((_, i) => this.lane(i) + 0.35),
      values: () => data.lines.map((l) => cut(l.name || lineName(l))),
    };
  }

  series(line, i) {
    const { name, dash } = this.looks[i];
    const states = this.data.kind === 'states';
    const alone = this.data.lines.length === 1;
    return {
      show: !this.hiddenKeys.has(line.key),
      stroke: () => color(name),
      width: states ? 1 : 1.75,
      dash: states ? [] : dash,
      cap: 'butt',
      fill: states ? () => color(name) : alone ? () => color('--plot-fill') : undefined,
      fillTo: states ? () => this.lane(i) : undefined,
      paths: states ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: !states, size: 5, fill: () => color(name), filter: () => isolated(line.v) },
    };
  }

  buildLegend() {
    const { lines } = this.data;
    this.legend.classList.toggle('is-short', lines.every((l) => lineName(l).length < 7));
    keyed(this.legend, lines, (l) => l.key, (l) => this.legendItem(l), (li, l) => {
      const i = lines.indexOf(l);
      const { name, dash } = this.looks[i];
      const stroke = li.querySelector('line');
      stroke.style.stroke = `var(${name})`;
      stroke.style.strokeDasharray = dash.join(' ');
      li.line = l;
      li.index = i;
    });
  }

  legendItem(line) {
    const text = lineName(line);
    const li = h('li');
    const focus = (on) => () => this.u?.setSeries(on ? li.index + 1 : null, { focus: true });
    const button = h('button', {
      type: 'button', class: 'legend-item', title: text, 'aria-pressed': String(!this.hiddenKeys.has(line.key)),
      onclick: () => this.toggle(li, button), onmouseenter: focus(true), onmouseleave: focus(false),
    }, s('svg', { class: 'swatch', viewBox: '0 0 22 8', 'aria-hidden': 'true' },
      s('line', { x1: '0', x2: '22', y1: '4', y2: '4' })),
    h('span', { class: 'legend-name' }, text), h('span', { class: 'legend-value' }));
    li.append(button);
    return li;
  }

  toggle(li, button) {
    const { key } = li.line;
    if (!this.hiddenKeys.delete(key)) this.hiddenKeys.add(key);
    const visible = !this.hiddenKeys.has(key);
    setAttr(button, 'aria-pressed', String(visible));
    this.u?.setSeries(li.index + 1, { show: visible });
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.area;
    if (!width || !height) return;
    if (!this.u) {
      if (this.data.loaded) this.build();
    } else if (this.u.width !== width || this.u.height !== height) {
      this.u.setSize({ width, height });
    }
  }

  key(e) {
    const last = this.data.t.length - 1;
    const at = this.cursor ?? last;
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
      PageDown: at - 10, PageUp: at + 10, Home: 0, End: last, Escape: null }[e.key];
    if (to === undefined || last < 0) return;
    e.preventDefault();
    this.moveTo(to === null ? null : Math.max(0, Math.min(last, to)));
  }

  moveTo(index) {
    if (!this.u) return;
    const left = index === null ? -10 : this.u.valToPos(this.data.t[index], 'x');
    this.u.setCursor({ left, top: index === null ? -10 : 10 });
  }

  moved(index) {
    const next = index ?? null;
    if (next === this.cursor) return;
    this.cursor = next;
    this.readout();
  }

  // readout writes the values at the cursor, or otherwise the last values, into the legend.
  readout() {
    const { data } = this;
    const last = data.t.length - 1;
    const at = Math.min(this.cursor ?? last, last);
    setText(this.time, at < 0 ? '' : clock(data.t[at]));
    this.time.classList.toggle('is-cursor', this.cursor !== null);
    const texts = [];
    for (const li of this.legend.children) {
      const text = at < 0 ? '–' : this.write(li.line.v[at] ?? null);
      setText(li.querySelector('.legend-value'), text);
      if (texts.length < 5) texts.push(`${lineName(li.line)} ${text}`);
    }
    if (at < 0) return;
    setAttr(this.area, 'aria-valuemax', last);
    setAttr(this.area, 'aria-valuenow', at);
    setAttr(this.area, 'aria-valuetext', `${clock(data.t[at])}: ${texts.join('; ')}`);
  }

  // describe writes the table that replaces the canvas for screen readers.
  describe() {
    const { data } = this;
    const [from, to] = [data.t[0], data.t[data.t.length - 1]];
    setText(this.caption, to ? `${this.title}, ${clock(from)} to ${clock(to)}` : `${this.title}, no samples yet`);
    keyed(this.tbody, data.lines, (l) => l.key, (l) => h('tr', null, h('th', { scope: 'row' }, lineName(l)),
      h('td'), h('td'), h('td')), (tr, l) => {
      const { min, max, last } = summary(l.v);
      [min, max, last].forEach((x, i) => setText(tr.children[i + 1], this.write(x)));
    });
    show(this.legend, data.lines.length > 0);
  }
}
