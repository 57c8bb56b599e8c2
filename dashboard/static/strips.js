// Strips show the states of collectors over time, derived from events.

import { h, keyed, replace, s, setAttr, setText } from './dom.js';
import { clock, span } from './format.js';
import { severity, stateBadge, setState, stateOf } from './states.js';

const width = 1000;
const height = 16;
const most = 40; // largest number of strips on the page

// The heights of states, so that color is not the only sign.
const tall = { stuck: 1, open: 0.85, failed: 0.7, 'half-open': 0.5, running: 0.25, ok: 0.25, waiting: 0.12 };

// segmentsOf converts the events of one collector, newest first, into pieces {from, to, state} between start
// and end.
function segmentsOf(events, start, end) {
  const pieces = [];
  let to = end;
  for (const event of events) {
    const from = Math.min(Math.max(event.t, start), to);
    if (event.to) pieces.unshift({ from, to, state: event.to, error: event.error });
    to = from;
    if (to <= start) return pieces;
  }
  const before = events.at(-1)?.from;
  if (before) pieces.unshift({ from: start, to, state: before });
  return pieces;
}

// stripsOf returns a strip for each collector that has had a problem, the worst first. events are newest
// first. rows are the collectors that have a problem now, with or without events.
export function stripsOf(events, rows, start, end) {
  const byName = new Map();
  for (const event of events) {
    if (!byName.has(event.collector)) byName.set(event.collector, []);
    byName.get(event.collector).push(event);
  }
  for (const row of rows) {
    if (!byName.has(row.name)) byName.set(row.name, [{ t: row.since || start, to: row.state }]);
  }
  return [...byName]
    .map(([name, own]) => ({ name, state: own[0].to ?? '', segments: segmentsOf(own, start, end) }))
    .filter((strip) => strip.segments.some((piece) => !['ok', 'running', 'waiting'].includes(piece.state)))
    .sort((a, b) => severity(a.state) - severity(b.state) || a.name.localeCompare(b.name, 'en'))
    .slice(0, most);
}

// Strips shows the strips of many collectors on one time scale.
export class Strips {
  constructor() {
    this.list = h('ul', { class: 'strips-list' });
    this.from = h('span');
    this.to = h('span');
    this.el = h('div', { class: 'card strips' }, this.list, h('div', { class: 'strips-times' }, this.from, this.to));
  }

  set(strips, start, end) {
    keyed(this.list, strips, (strip) => strip.name, makeStrip, (node, strip) => node.refresh(strip, start, end));
    setText(this.from, clock(start));
    setText(this.to, clock(end));
  }
}

function makeStrip() {
  const name = h('a');
  const badge = stateBadge('ok');
  const svg = s('svg', { class: 'strip', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' });
  const node = h('li', null, h('span', { class: 'strip-name' }, name), badge, svg);
  node.refresh = (strip, start, end) => {
    setText(name, strip.name);
    setAttr(name, 'href', `?${new URLSearchParams({ view: 'collectors', q: strip.name })}`);
    setState(badge, strip.state || 'removed');
    replace(svg, strip.segments.map((piece) => bar(piece, start, end)));
    setAttr(svg, 'aria-label', strip.segments.map(describe).join('; '));
  };
  return node;
}

function bar(piece, start, end) {
  const scale = width / Math.max(1, end - start);
  const size = height * (tall[piece.state] ?? 0.5);
  return s('rect', {
    class: `tone-${stateOf(piece.state).tone}`, x: ((piece.from - start) * scale).toFixed(2), y: height - size, height: size,
    width: Math.max(2, (piece.to - piece.from) * scale).toFixed(2), // a short state must be visible, too
  }, s('title', null, describe(piece)));
}

function describe(piece) {
  return `${stateOf(piece.state).text} for ${span(piece.to - piece.from)} from ${clock(piece.from)}`;
}
