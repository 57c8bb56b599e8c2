// Sections of compact rows, for collectors without problems, targets, pushes and instruments.

import { h, keyed, refreshLazily, setAttr, setText, show, svgIcon } from './dom.js';
import { count, plural } from './format.js';
import { setLink } from './problems.js';
import { Spark } from './spark.js';
import { factsOf, keyOfFact, setFactText, setState, severity, stateBadge, tookText } from './states.js';
import { moreText } from './text.js';
import { setTime, timeNode } from './times.js';

const columns = [
  { id: 'name', title: 'Name', compare: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) },
  { id: 'duration', title: 'Last run', compare: (a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0), down: true },
  { id: 'series', title: 'Series', compare: (a, b) => b.series - a.series, down: true },
];

// Section is a sortable list of rows with a title. limit is the number of rows above the button "Show more".
export class Section {
  constructor({ title, metricsOf, limit = 1000, plain = false }) {
    this.metricsOf = metricsOf;
    this.plain = plain; // whether rows have no state, runs and title, as for instruments
    this.limit = this.step = limit;
    this.sort = null; // column; null means the order of registration
    this.places = new Map(); // ID → place at the last sorting; live numbers must not make rows jump
    this.items = [];
    this.note = h('span', { class: 'muted' });
    this.columns = columns.filter((column) => !plain || column.id !== 'duration');
    this.heads = this.columns.map((column) => this.makeHead(column));
    this.body = h('div', { role: 'rowgroup', class: 'rows-body' });
    this.more = h('button', { class: 'btn', type: 'button', onclick: () => {
      this.limit += this.step;
      this.render();
    } });
    const table = h('div', { class: plain ? 'card rows rows-plain' : 'card rows', role: 'table', 'aria-label': title },
      h('div', { role: 'rowgroup' }, h('div', { class: 'row row-head', role: 'row' },
        !plain && h('span', { role: 'columnheader', class: 'cell-state' }, 'State'), this.heads, h('span', { role: 'columnheader', class: 'cell-facts' }, 'Notes'),
        h('span', { role: 'columnheader', class: 'cell-link' }, h('span', { class: 'sr' }, 'Link')))),
      this.body);
    this.el = h('section', { class: plain ? null : 'section' },
      !plain && h('div', { class: 'section-head' }, h('h2', null, title), this.note), table, h('p', { class: 'more' }, this.more));
  }

  makeHead(column) {
    const button = h('button', { type: 'button', class: 'sort', onclick: () => this.sortBy(column) }, column.title,
      svgIcon('up'));
    return h('span', { role: 'columnheader', class: `cell-${column.id}` }, button);
  }

  // sortBy sorts by a column. A second click returns to the order of registration.
  sortBy(column) {
    this.sort = this.sort === column ? null : column;
    this.heads.forEach((head, i) => {
      const sorted = this.columns[i] === this.sort;
      setAttr(head, 'aria-sort', sorted && (this.columns[i].down ? 'descending' : 'ascending'));
    });
    this.rank();
    this.render();
  }

  rank() {
    const sorted = this.sort ? this.items.toSorted(this.sort.compare) : this.items;
    this.places = new Map(sorted.map((item, i) => [item.id, i]));
  }

  // set shows items, which are in the order of registration, and a note beside the title.
  set(items, note) {
    const same = items.length === this.items.length && items.every((item) => this.places.has(item.id));
    this.items = items;
    if (!same) this.rank();
    setText(this.note, note ?? '');
    show(this.el, items.length > 0);
    this.render();
  }

  render() {
    const place = (item) => this.places.get(item.id) ?? Infinity;
    const sorted = this.items.toSorted((a, b) => place(a) - place(b));
    const shown = sorted.slice(0, this.limit);
    keyed(this.body, shown, (c) => c.id, (c) => this.makeRow(c), (row, c) => row.refresh(c));
    const hidden = sorted.length - shown.length;
    show(this.more.parentNode, hidden > 0);
    setText(this.more, moreText(hidden, this.step));
  }

  makeRow(c) {
    const badge = stateBadge(c.state);
    const name = h(this.plain ? 'a' : 'span', { class: 'row-name' });
    const spark = new Spark();
    const took = h('span', { class: 'took' });
    const series = h('span', { class: 'row-series' });
    const unit = h('span', { class: 'row-unit' });
    const chips = h('span', { class: 'chips' });
    const link = h('a', { class: 'quiet-link' }, h('span', { class: 'row-link-text' }, 'Metrics'), svgIcon('right'));
    const row = h('div', { class: 'row', role: 'row' },
      !this.plain && h('span', { role: 'cell', class: 'cell-state' }, badge),
      h('span', { role: 'cell', class: 'cell-name' }, name),
      !this.plain && h('span', { role: 'cell', class: 'cell-duration' }, spark.el, took),
      h('span', { role: 'cell', class: 'cell-series' }, series, unit),
      h('span', { role: 'cell', class: 'cell-facts' }, chips),
      h('span', { role: 'cell', class: 'cell-link' }, link));
    refreshLazily(row, (item) => {
      setText(name, item.name);
      if (this.plain) setAttr(name, 'href', `?${new URLSearchParams({ view: 'metrics', q: item.name })}`);
      setState(badge, item.state);
      setText(series, count(item.series));
      setText(unit, ' series');
      setText(took, tookText(item) || 'not run yet');
      spark.set(item.durations, item.deadlineMs);
      setLink(link, item, this.metricsOf);
      keyed(chips, factsOf(item), keyOfFact, makeChip, (chip, fact) => chip.refresh(fact));
    });
    return row;
  }
}

function makeChip(fact) {
  const text = fact.ms ? timeNode(fact.ms, fact.style) : h('span');
  const chip = h('span', { class: 'chip' }, fact.label && `${fact.label} `, text);
  chip.refresh = (f) => (f.ms ? setTime(text, f.ms) : setFactText(text, f.text));
  return chip;
}

// totalText summarizes items: "12 collectors, 2,440 series".
export function totalText(items, one, many) {
  const series = items.reduce((sum, item) => sum + item.series, 0);
  return `${plural(items.length, one, many)}, ${plural(series, 'series', 'series')}`;
}

// byWorst orders problems: the worst state first, then the most recent.
export function byWorst(a, b) {
  return severity(a.state) - severity(b.state) || b.since - a.since || a.name.localeCompare(b.name, 'en');
}
