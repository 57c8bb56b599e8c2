// The view of sizes: the families, labels and values with the most series and bytes, and the effects of
// limits.

import { empty, h, keyed, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { typeBadge } from './family.js';
import { moreText, sentence } from './text.js';
import { bytes, clock, count, duration, percent, plural } from './format.js';
import { labelDetails } from './labels.js';

const pageSize = 100;
const refreshEvery = 5000; // milliseconds; sizes change slowly, and the answer is long

const columns = [
  { id: 'name', title: 'Family', of: (r) => r.family.name },
  { id: 'series', title: 'Series', of: (r) => r.family.series },
  { id: 'bytes', title: 'Exposition', of: (r) => r.bytes },
  { id: 'memory', title: 'Memory', of: (r) => r.memory ?? -1 },
  { id: 'grown', title: 'Growth', of: (r) => r.grown },
];

let page = null;

export const view = {
  id: 'cardinality',
  title: 'Cardinality',
  mount(root, ctx) {
    page = new Page(root, ctx);
    page.navigate();
  },
  navigate() {
    page.navigate();
  },
  update(event) {
    if (event === 'tick') page.tick();
  },
  unmount() {
    page.gone = true;
    page = null;
  },
};

// notes describes the effects of limits and expiry on a family.
function notes(r) {
  const list = [];
  const lookups = (n) => plural(n, 'lookup');
  if (r.full) {
    const limit = r.limit || r.registryLimit;
    list.push(['bad', `limit ${count(limit)} reached${r.overflowed ? `: ${lookups(r.overflowed)} overflowed` : ''}`]);
  } else if (r.overflowed) {
    list.push(['warn', `${lookups(r.overflowed)} overflowed`]);
  }
  if (!r.full && r.limit) list.push(['', `limit ${count(r.limit)}, ${percent(r.family.series / r.limit)} used`]);
  if (!r.full && !r.limit && r.registryLimit) list.push(['', `registry limit ${count(r.registryLimit)}`]);
  if (r.longValues) list.push(['warn', `${plural(r.longValues, 'long value')} truncated`]);
  if (r.expired) list.push(['', `${count(r.expired)} expired${r.expiryMs ? ` after ${duration(r.expiryMs)} without use` : ''}`]);
  else if (r.expiryMs) list.push(['', `expires after ${duration(r.expiryMs)} without use`]);
  return list;
}

const signed = (n) => (n > 0 ? `+${count(n)}` : n < 0 ? count(n) : '0');

class Page {
  constructor(root, ctx) {
    this.ctx = ctx;
    this.limit = pageSize;
    this.rows = [];
    this.totals = h('dl', { class: 'stats' });
    this.input = h('input', { type: 'search', 'aria-label': 'Filter families', placeholder: 'Filter families', autocomplete: 'off',
      spellcheck: 'false', oninput: () => ctx.go({ q: this.input.value.trim() || null }, { replace: true }) });
    this.counts = h('p', { class: 'muted', role: 'status' });
    this.head = h('div', { class: 'size-head', role: 'group', 'aria-label': 'Sort by' }, columns.map((c) => h('button', {
      type: 'button', class: `sort size-${c.id}`, dataset: { id: c.id }, onclick: () => this.sortBy(c.id),
    }, c.title, svgIcon('up'))));
    this.list = h('div', { class: 'size-list' });
    this.none = h('div');
    this.more = h('button', { type: 'button', class: 'btn show-more', onclick: () => {
      this.limit += pageSize;
      this.show();
    } });
    show(this.more, false);
    replace(root, this.totals,
      h('div', { class: 'toolbar' }, h('div', { class: 'search' }, svgIcon('search'), this.input), this.counts),
      h('div', { class: 'card sizes' }, this.head, this.list, this.none, this.more));
    replace(this.none, empty('clock', 'Waiting for the first sample…'));
    this.load();
  }

  navigate() {
    const { params } = this.ctx;
    if (document.activeElement !== this.input) this.input.value = params.get('q') ?? '';
    const [id, way] = (params.get('sort') ?? 'series-down').split('-');
    this.sort = { column: columns.find((c) => c.id === id) ?? columns[1], down: way === 'down' };
    for (const b of this.head.children) {
      const on = b.dataset.id === this.sort.column.id;
      setAttr(b, 'aria-pressed', String(on));
      b.classList.toggle('is-down', on && this.sort.down);
      setAttr(b, 'title', on ? `Sorted ${this.sort.down ? 'descending' : 'ascending'}` : null);
    }
    this.show();
  }

  sortBy(id) {
    const down = this.sort.column.id === id ? !this.sort.down : id !== 'name';
    const text = `${id}-${down ? 'down' : 'up'}`;
    this.ctx.go({ sort: text === 'series-down' ? null : text }, { replace: true });
  }

  tick() {
    if (!this.loading && Date.now() - (this.loaded ?? 0) > refreshEvery) this.load();
  }

  async load() {
    this.loading = true;
    try {
      const answer = await this.ctx.getJSON('api/cardinality', { limit: 1000 });
      if (!answer || this.gone) return;
      if (answer.t) this.loaded = Date.now();
      this.answer = answer;
      this.show();
    } catch (err) {
      if (!this.gone && !this.answer) replace(this.none, empty('alert', 'Cannot load the cardinality', sentence(err.message)));
    } finally {
      this.loading = false;
    }
  }

  show() {
    if (!this.answer?.t) return;
    this.showTotals();
    const q = (this.ctx.params.get('q') ?? '').toLowerCase();
    const { column, down } = this.sort;
    const rows = (this.answer.rows ?? []).filter((r) => r.family.name.toLowerCase().includes(q)).sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      const order = typeof x === 'string' ? x.localeCompare(y, 'en', { numeric: true }) : x - y;
      return (down ? -order : order) || a.family.name.localeCompare(b.family.name);
    });
    const all = plural(this.answer.rows.length, 'family', 'families');
    setText(this.counts, q ? `${count(rows.length)} of ${all}` : all);
    keyed(this.list, rows.slice(0, this.limit), (r) => r.family.name, (r) => this.makeRow(r), (el, r) => this.fill(el, r));
    replace(this.none, rows.length === 0 && (q
      ? empty('search', 'No family matches', h('a', { href: this.ctx.href({ q: null }) }, 'Clear the filter'))
      : empty('clock', 'No metrics yet', 'Families appear here once the program exposes them.')));
    const rest = rows.length - this.limit;
    show(this.more, rest > 0);
    setText(this.more, moreText(rest, pageSize));
  }

  showTotals() {
    const { bytes: size, grown, rows, series, since } = this.answer;
    const full = (rows ?? []).filter((r) => r.full).length;
    const stats = [
      ['Series', count(series), `in ${plural(rows.length, 'family', 'families')}`],
      ['Exposition', bytes(size), 'as uncompressed text'],
      ['Growth', signed(grown), since ? `series since ${clock(since)}` : 'series'],
      ['Limits reached', full > 0 ? count(full) : 'None', full > 0 ? 'new series overflow' : 'no series overflow'],
    ];
    keyed(this.totals, stats, (s) => s[0], (s) => h('div', { class: 'stat' }, h('dt', null, s[0]),
      h('dd', null, h('b'), h('span', { class: 'muted' }))), (el, s) => {
      const [value, text] = el.lastChild.children;
      setText(value, s[1]);
      setText(text, s[2]);
    });
  }

  makeRow(r) {
    const body = h('div', { class: 'size-body' });
    const cell = (id) => h('span', { class: `size-cell size-${id}`, dataset: { label: columns.find((c) => c.id === id).title } });
    const details = h('details', { class: 'size', ontoggle: () => this.open(details, body) },
      h('summary', null, h('span', { class: 'size-cell size-name' }, h('span', { class: 'size-title' },
        h('span', { class: 'mono size-text' }, r.family.name), typeBadge(r.family),
        h('span', { class: 'size-new badge badge-accent' }, 'new')),
      h('span', { class: 'size-notes' })), cell('series'), cell('bytes'), cell('memory'), cell('grown')), body);
    details.querySelector('.size-series').append(h('span', { class: 'size-number' }),
      h('span', { class: 'share' }, h('span', { class: 'share-bar' })), h('span', { class: 'size-share' }));
    return details;
  }

  fill(el, r) {
    el.row = r;
    const at = (name) => el.querySelector(`summary .${name}`);
    const share = r.family.series / Math.max(1, this.answer.series);
    setText(at('size-number'), count(r.family.series));
    setText(at('size-share'), percent(share));
    at('share-bar').style.width = `${Math.max(0.5, 100 * share)}%`;
    setText(at('size-bytes'), bytes(r.bytes));
    setText(at('size-memory'), r.memory ? bytes(r.memory) : '–');
    setText(at('size-grown'), signed(r.grown));
    at('size-grown').classList.toggle('is-grown', r.grown > 0);
    show(at('size-new'), Boolean(r.new));
    setAttr(at('size-text'), 'title', r.family.name);
    const list = notes(r);
    keyed(at('size-notes'), list, (n) => n[1], ([kind, text]) => h('span', { class: kind ? `badge badge-${kind}` : 'size-note' },
      kind && svgIcon('alert'), text));
    show(at('size-notes'), list.length > 0);
  }

  // open fills the body of a row: the labels with their values.
  open(details, body) {
    if (!details.open || body.firstChild) return;
    const { family } = details.row;
    const labels = [...(family.labels ?? [])].sort((a, b) => b.values - a.values);
    const href = this.ctx.href({ view: 'metrics', family: family.name });
    replace(body, h('p', null, h('a', { href }, 'Show in Metrics', svgIcon('right'))),
      labels.length === 0
        ? h('p', { class: 'muted' }, 'This family has no labels.')
        : h('div', { class: 'label-list' }, labels.map((l) => labelDetails(this.ctx, family, l, null))));
  }
}
