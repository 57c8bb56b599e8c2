// The view of the history: the recorded samples and their cost, and the changes of the collectors' states.

import { copyButton, empty, h, keyed, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { bytes, clock, count, duration, percent, plural, span } from './format.js';
import { Chart } from './chart.js';
import { Strips, stripsOf } from './strips.js';
import { stateBadge } from './states.js';
import { moreText, sentence } from './text.js';
import { timeNode } from './times.js';

const snippet = 'dashboard.Opts{History: 15 * time.Minute}';
const refetch = 30000; // milliseconds between two requests, if no event causes an earlier one
const step = 100; // number of events that are shown at once
const oneDay = 86400e3;

let ctx;
let data; // api.History
let states; // ID → {name, state, since, problem}
let parts;
let asked; // start of the last request
let limit;

export const view = {
  id: 'history',
  title: 'History',

  mount(root, context) {
    ctx = context;
    data = null;
    states = new Map();
    limit = step;
    parts = makeParts();
    replace(root, parts.error, parts.waiting, parts.body);
    load();
  },

  navigate() {},

  update(event, payload) {
    if (event === 'tick') addTick(payload);
    if (event === 'hello' && data) load(); // The stream was lost, and the program may have been restarted.
    if (event !== 'collectors') return;
    if (takeStates(payload)) load();
    else if (data && payload.all) render();
  },

  unmount() {
    parts = data = null;
  },
};

async function load() {
  asked = Date.now();
  const mine = parts;
  try {
    const answer = await ctx.getJSON('api/history');
    if (!answer || mine !== parts) return;
    // The answer also has the costs of older samples, whose values are gone. With them, the charts would
    // include times at which no page was open.
    data = { ...answer, sampling: answer.sampling.filter((each) => each.t >= answer.from) };
    show(parts.error, false);
    render();
  } catch (err) {
    if (mine !== parts) return;
    setText(parts.error, `Cannot load the history: ${sentence(err.message)}`);
    show(parts.error, true);
  }
}

// addTick adds a sample to the view, so that the page need not fetch all samples again.
function addTick(tick) {
  if (Date.now() - asked > refetch) load();
  if (!data) return;
  const last = data.sampling.at(-1);
  if (!tick.t || (last && last.t >= tick.t)) return; // no new sample
  data.sampling.push(tick);
  data.samples++;
  data.now = tick.now || tick.t;
  data.from = Math.max(data.from || tick.t, tick.t - (data.windowMs || oneDay));
  while (data.sampling.length > 0 && data.sampling[0].t < tick.t - (data.windowMs || oneDay)) data.sampling.shift();
  render();
}

// takeStates reports whether the state of a collector has changed.
function takeStates({ all, rows, removed }) {
  let changed = (removed?.length ?? 0) > 0;
  for (const { id, name, state, since, problem } of rows ?? []) {
    const before = states.get(id);
    changed ||= !all && before?.state !== state;
    states.set(id, { name, state, since, problem });
  }
  for (const id of removed ?? []) states.delete(id);
  return changed;
}

function makeParts() {
  const p = {
    error: h('p', { class: 'error-box', role: 'alert', hidden: true }),
    waiting: h('div', null, empty('clock', 'Loading the history…')),
    off: h('div', { class: 'card off' },
      h('div', null, h('h2', null, 'No samples are taken while no page is open'),
        h('p', { class: 'muted' }, 'This history begins when the first page was opened. To record it all the time, set:')),
      h('div', { class: 'off-code' }, h('code', { class: 'code' }, snippet), copyButton(() => snippet))),
    facts: h('dl', { class: 'card tiles' }),
    cost: new Chart({ title: 'CPU time per sample', format: duration }),
    took: new Chart({ title: 'Time to gather', format: duration }),
    series: new Chart({ title: 'Series', format: count, fromZero: false }),
    strips: new Strips(),
    events: h('ol', { class: 'card events' }),
    noEvents: h('div', { class: 'card' }, empty('check', 'No state changes', 'State changes of collectors appear here as they happen.')),
    more: h('button', { class: 'btn', type: 'button', onclick: () => {
      limit += step;
      render();
    } }),
  };
  p.charts = h('div', { class: 'charts' }, p.cost.el, p.took.el, p.series.el);
  p.stripsPart = h('section', { class: 'section' },
    h('div', { class: 'section-head' }, h('h2', null, 'Problems over time'), h('span', { class: 'muted' }, 'taller bars are worse')), p.strips.el);
  p.eventsNote = h('span', { class: 'muted' });
  p.body = h('div', { hidden: true }, p.off, p.facts, p.charts, p.stripsPart,
    h('section', { class: 'section' }, h('div', { class: 'section-head' }, h('h2', null, 'State changes'), p.eventsNote),
      p.noEvents, p.events, h('p', { class: 'more' }, p.more)));
  return p;
}

function render() {
  show(parts.waiting, false);
  show(parts.body, true);
  show(parts.off, !data.always);
  keyed(parts.facts, tilesOf(data), (tile) => tile.label, makeTile, (node, tile) => node.refresh(tile));
  renderCharts();
  renderStrips();
  renderEvents();
}

// tilesOf summarizes the recorded samples and their cost in a few numbers.
function tilesOf(d) {
  const cost = costOf(d.sampling);
  const interval = cost ? `one every ${duration(cost.interval)}` : '';
  return [
    { label: 'Recorded', text: d.from ? span(d.now - d.from) : 'nothing yet',
      note: [d.from && `since ${clock(d.from)}`, d.windowMs && `at most ${duration(d.windowMs)}`].filter(Boolean).join(', ') },
    { label: 'Samples', text: count(d.samples), note: interval },
    { label: 'Series', text: count(d.series), note: d.omitted ? `${count(d.omitted)} more are not recorded` : 'all recorded' },
    { label: 'Memory', text: bytes(d.bytes), note: `of ${bytes(d.maxBytes)}`, ratio: d.maxBytes ? d.bytes / d.maxBytes : 0 },
    { label: 'Cost', text: cost ? percent(cost.ratio) : '–', note: cost ? `of one core, ${duration(cost.busy)} per sample` : 'not known yet' },
    { label: 'Pages open', text: count(d.viewers), note: d.always ? 'not needed for sampling' : 'needed for sampling' },
  ];
}

// costOf returns the average cost of samples, or null if there are fewer than two.
function costOf(sampling) {
  if (sampling.length < 2) return null;
  const spanned = sampling.at(-1).t - sampling[0].t;
  const busy = sampling.slice(1).reduce((sum, each) => sum + each.busyMs, 0);
  if (spanned <= 0) return null;
  return { interval: spanned / (sampling.length - 1), busy: busy / (sampling.length - 1), ratio: busy / spanned };
}

function makeTile(tile) {
  const text = h('span', { class: 'tile-text' });
  const note = h('span', { class: 'muted' });
  const level = h('span', { class: 'level-fill' });
  const levelBox = h('span', { class: 'level' }, level);
  const node = h('div', null, h('dt', null, tile.label), h('dd', null, text, note, levelBox));
  node.refresh = (t) => {
    setText(text, t.text);
    setText(note, t.note);
    show(levelBox, t.ratio !== undefined);
    level.style.width = `${Math.min(100, 100 * (t.ratio ?? 0))}%`;
  };
  return node;
}

function renderCharts() {
  const points = (name) => data.sampling.map((each) => [each.t, each[name]]);
  show(parts.charts, data.sampling.length > 1);
  parts.cost.set(points('busyMs'));
  parts.took.set(points('tookMs'));
  parts.series.set(points('series'));
}

function renderStrips() {
  const oldest = Math.min(data.from || data.now, data.events.at(-1)?.t ?? data.now);
  const start = Math.max(oldest, data.now - (data.windowMs || oneDay));
  const rows = [...states.values()].filter((row) => row.problem);
  const strips = stripsOf(data.events, rows, start, data.now);
  show(parts.stripsPart, strips.length > 0 && data.now > start);
  parts.strips.set(strips, start, data.now);
}

function renderEvents() {
  const { events } = data;
  const shown = events.slice(0, limit);
  show(parts.noEvents, events.length === 0);
  show(parts.events, events.length > 0);
  setText(parts.eventsNote, events.length > 0 ? `${plural(events.length, 'change')}, newest first` : '');
  keyed(parts.events, shown, (e) => `${e.t} ${e.collector} ${e.from} ${e.to}`, makeEvent);
  const hidden = events.length - shown.length;
  show(parts.more.parentNode, hidden > 0);
  setText(parts.more, moreText(hidden, step));
}

function makeEvent(event) {
  const href = `?${new URLSearchParams({ view: 'collectors', q: event.collector })}`;
  const when = timeNode(event.t, 'clock');
  setAttr(when, 'class', 'event-time');
  const change = event.from && event.to
    ? [stateBadge(event.from), svgIcon('right'), h('span', { class: 'sr' }, 'to'), stateBadge(event.to)]
    : h('span', { class: 'badge' }, svgIcon(event.to ? 'down' : 'cross'), event.to ? 'Added' : 'Removed');
  return h('li', null, when, h('a', { class: 'event-name', href }, event.collector), h('span', { class: 'event-change' }, change),
    h('span', { class: 'event-error' }, event.error ?? ''));
}
