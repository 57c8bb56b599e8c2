// A table of the current values of a family, and a table of its exemplars.

import { h, keyed, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { clock, count, number, value } from './format.js';
import { labelChips } from './labels.js';
import { columnTitle, full } from './text.js';

const pageSize = 50;
const sortable = 500; // the largest number of rows that can be sorted, because the server sends all of them at once

// formatOf returns the function that formats the numbers of a column.
function formatOf(family, column) {
  const { type, unit } = family;
  if (column === 'count' || column === 'created') return count;
  if (column === 'rate') return (x) => (x === null ? '–' : type === 'counter' ? `${value(x, unit)}/s` : `${number(x)}/s`);
  if (type === 'stateset') return (x) => (x === 1 ? 'on' : x === 0 ? 'off' : value(x));
  return (x) => full(x, unit);
}

// exact writes a number with all digits, for the title of a cell.
const exact = (x) => (x === null ? 'no value' : String(x));

// compare orders numbers by size, after NaN and missing ones, and texts alphabetically.
function compare(a, b) {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en', { numeric: true });
  const rank = (x) => (x === '+Inf' ? Infinity : x === '-Inf' || typeof x !== 'number' ? -Infinity : x);
  return rank(a) - rank(b);
}

export class Values {
  // load() asks the page to fetch the part that wanted() returns.
  constructor(load) {
    this.load = load;
    this.reset();
    this.head = h('tr');
    this.body = h('tbody');
    this.text = h('span', { class: 'muted' });
    this.prev = h('button', { type: 'button', class: 'btn btn-small', onclick: () => this.turn(-1) }, 'Previous');
    this.next = h('button', { type: 'button', class: 'btn btn-small', onclick: () => this.turn(1) }, 'Next');
    this.none = h('p', { class: 'muted table-none' }, 'No series matches the filter.');
    this.pager = h('div', { class: 'pager' }, this.prev, this.next);
    this.exemplars = new Exemplars();
    this.node = h('section', { class: 'section' },
      h('div', { class: 'section-head' }, h('h3', null, 'Current values'), this.text),
      h('div', { class: 'table-wrap card', tabindex: '0', role: 'region', 'aria-label': 'Current values' },
        h('table', { class: 'values stack' }, h('thead', null, this.head), this.body), this.none),
      this.pager);
  }

  // reset returns to the first page, unsorted.
  reset() {
    this.page = 0;
    this.sort = null; // {column, down}
    this.columns = '';
    this.total = 0;
  }

  // wanted returns the part of the rows that the page should fetch.
  wanted() {
    if (this.sort) return { offset: 0, limit: sortable };
    return { offset: this.page * pageSize, limit: pageSize };
  }

  show(detail) {
    this.detail = detail;
    this.total = detail.total;
    const pages = Math.max(1, Math.ceil(detail.total / pageSize));
    if (this.page >= pages) {
      this.page = pages - 1;
      this.load();
      return;
    }
    this.header(detail);
    const rows = this.sorted(detail);
    const names = this.labelNames;
    keyed(this.body, rows, (r) => JSON.stringify(r.labels), (r) => this.makeRow(r, names, detail), (tr, r) => this.fill(tr, r, detail));
    const from = this.page * pageSize;
    const part = pages > 1 ? `${count(from + 1)}–${count(from + rows.length)} of ` : '';
    const range = `${part}${count(detail.total)} series`;
    setText(this.text, detail.total > sortable ? `${range} · to sort, filter to at most ${sortable}` : range);
    show(this.pager, pages > 1);
    show(this.none, detail.total === 0);
    this.prev.disabled = this.page === 0;
    this.next.disabled = this.page >= pages - 1;
    this.exemplars.show(detail, rows);
  }

  header(detail) {
    const names = (detail.family.labels ?? []).map((l) => l.name);
    const can = detail.total <= sortable && detail.total > 1;
    const key = JSON.stringify([names, detail.columns, can]);
    if (key === this.columns) return this.arrows();
    this.columns = key;
    this.labelNames = names.length > 4 || names.length === 0 ? null : names;
    const cells = [...(this.labelNames ?? ['Series']), ...detail.columns];
    const labels = cells.length - detail.columns.length;
    replace(this.head, cells.map((c, i) => {
      const text = i < labels ? c : columnTitle(c);
      const id = i < labels ? `label:${c}` : c;
      return h('th', { scope: 'col', class: i < labels ? null : 'num', dataset: { id } },
        can ? h('button', { type: 'button', class: 'sort', onclick: () => this.sortBy(id, i >= labels) }, text, svgIcon('up')) : text);
    }));
    replace(this.body); // The rows have other columns.
    keyed(this.body, [], (r) => r, () => null);
    return this.arrows();
  }

  arrows() {
    for (const th of this.head.children) {
      const on = this.sort?.column === th.dataset.id;
      setAttr(th, 'aria-sort', on ? (this.sort.down ? 'descending' : 'ascending') : null);
    }
  }

  sortBy(column, numeric) {
    const same = this.sort?.column === column;
    // Numbers begin with the largest. The third click returns to the order of the exposition.
    if (!same) this.sort = { column, down: numeric };
    else if (this.sort.down === numeric) this.sort = { column, down: !numeric };
    else this.sort = null;
    this.page = 0;
    this.arrows();
    this.load();
  }

  sorted(detail) {
    if (!this.sort || detail.total > sortable) return detail.rows.slice(0, pageSize);
    const { column, down } = this.sort;
    const label = column.startsWith('label:') ? column.slice(6) : null;
    const at = detail.columns.indexOf(column);
    const of = (r) => (label === null ? r.values[at] : label === 'Series' ? JSON.stringify(r.labels) : labelValue(r, label));
    const rows = [...detail.rows].sort((a, b) => (down ? -1 : 1) * compare(of(a), of(b)));
    return rows.slice(this.page * pageSize, (this.page + 1) * pageSize);
  }

  turn(by) {
    this.page += by;
    this.load();
  }

  makeRow(row, names, detail) {
    const labels = names
      ? names.map((n) => h('td', { dataset: { label: n } }, labelValue(row, n) || h('span', { class: 'muted' }, '–')))
      : [h('td', { dataset: { label: 'Series' } }, row.labels.length > 0
        ? h('div', { class: 'chips' }, labelChips(row.labels))
        : h('span', { class: 'muted' }, 'no labels'))];
    return h('tr', null, labels, detail.columns.map((c) => h('td', { class: 'num', dataset: { label: columnTitle(c) } })));
  }

  fill(tr, row, detail) {
    const cells = tr.children;
    const first = cells.length - detail.columns.length;
    detail.columns.forEach((c, i) => {
      setText(cells[first + i], formatOf(detail.family, c)(row.values[i] ?? null));
      setAttr(cells[first + i], 'title', exact(row.values[i] ?? null));
    });
  }
}

const labelValue = (row, name) => row.labels.find(([n]) => n === name)?.[1] ?? '';

// safeURL returns the URL of a trace if it may become a link, and null otherwise. The template comes from the
// program, but the IDs in the URL come from metrics.
function safeURL(text) {
  try {
    const url = new URL(text, location.href);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

class Exemplars {
  constructor() {
    this.body = h('tbody');
    this.node = h('section', { class: 'section' },
      h('div', { class: 'section-head' }, h('h3', null, 'Exemplars'),
        h('span', { class: 'muted' }, 'of the series in the table above')),
      h('div', { class: 'table-wrap card', tabindex: '0', role: 'region', 'aria-label': 'Exemplars' },
        h('table', { class: 'exemplars stack' }, h('thead', null, h('tr', null,
          h('th', { scope: 'col' }, 'Time'), h('th', { scope: 'col', class: 'num' }, 'Value'),
          h('th', { scope: 'col' }, 'Labels'), h('th', { scope: 'col' }, 'Series'), h('th', { scope: 'col' }, 'Trace'))),
        this.body)));
    show(this.node, false);
  }

  show(detail, rows) {
    const list = rows.flatMap((r) => (r.exemplars ?? []).map((e) => ({ ...e, series: r.labels })))
      .sort((a, b) => (b.t ?? 0) - (a.t ?? 0)).slice(0, pageSize);
    show(this.node, list.length > 0);
    const chips = (labels) => h('div', { class: 'chips' }, labelChips(labels));
    keyed(this.body, list, (e) => JSON.stringify([e.labels, e.value, e.t, e.series]), (e) => {
      const url = e.url ? safeURL(e.url) : null;
      return h('tr', null,
        h('td', { dataset: { label: 'Time' } }, e.t ? clock(e.t) : '–'),
        h('td', { class: 'num', dataset: { label: 'Value' }, title: exact(e.value) }, value(e.value, detail.family.unit)),
        h('td', { dataset: { label: 'Labels' } }, chips(e.labels)),
        h('td', { dataset: { label: 'Series' } }, e.series.length > 0 ? chips(e.series) : '–'),
        h('td', { dataset: { label: 'Trace' } }, url
          ? h('a', { class: 'trace', href: url, target: '_blank', rel: 'noopener noreferrer' }, 'Open trace', svgIcon('external'))
          : h('span', { class: 'muted' }, '–')));
    });
  }
}
