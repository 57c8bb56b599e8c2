// The changes since a mark: a live table of the numbers that have changed.

import { empty, h, keyed, replace, setText, show, svgIcon } from './dom.js';
import { clock, count, plural } from './format.js';
import { labelChips } from './labels.js';
import { columnTitle, full, sentence } from './text.js';

const pageSize = 100;

// unitOf returns the unit of the number that has changed.
const unitOf = (c) => (c.name === 'count' ? '' : c.unit);

// difference returns after − before with its sign, or an empty text if one of them is not a number.
function difference(c) {
  if (typeof c.before !== 'number' || typeof c.after !== 'number') return '';
  const d = c.after - c.before;
  const unit = unitOf(c);
  const text = full(Math.abs(d), unit === 'timestamp' ? 'seconds' : unit);
  return d < 0 ? `−${text}` : `+${text}`;
}

const key = (c) => JSON.stringify([c.family, c.labels, c.name]);

export class Changes {
  constructor(ctx, id, markAgain) {
    this.ctx = ctx;
    this.id = id;
    this.limit = pageSize;
    this.title = h('h2', null, 'What changed');
    this.text = h('p', { class: 'muted' });
    this.body = h('tbody');
    this.none = h('div');
    this.more = h('button', { type: 'button', class: 'btn show-more', onclick: () => {
      this.limit += pageSize;
      this.load();
    } });
    const columns = [['Metric'], ['Before', 'num'], ['After', 'num'], ['Difference', 'num']];
    this.table = h('table', { class: 'changes stack' }, h('thead', null, h('tr', null,
      columns.map(([text, kind]) => h('th', { scope: 'col', class: kind }, text)))), this.body);
    this.stop = h('button', { type: 'button', class: 'btn', onclick: () => ctx.go({ since: null }) }, svgIcon('cross'), 'Stop');
    this.again = h('button', { type: 'button', class: 'btn', onclick: markAgain }, svgIcon('clock'), 'Mark again');
    this.card = h('div', { class: 'card' }, this.table, this.none, this.more);
    this.node = h('section', { class: 'changes-pane', 'aria-label': 'What changed' },
      h('div', { class: 'changes-head' }, h('div', null, this.title, this.text),
        h('div', { class: 'changes-tools' }, this.again, this.stop)),
      this.card);
    show(this.table, false);
    show(this.more, false);
    replace(this.none, empty('clock', 'Looking for changes…'));
  }

  destroy() {
    this.gone = true;
  }

  navigate() {
    const q = this.ctx.params.get('q') ?? '';
    if (q === this.q) return;
    this.q = q;
    this.load();
  }

  tick() {
    if (!this.loading && !this.lost) this.load();
  }

  async load() {
    this.loading = true;
    try {
      const answer = await this.ctx.getJSON('api/changes', { since: this.id, q: this.q, limit: this.limit });
      if (answer && !this.gone) this.show(answer);
    } catch (err) {
      if (!this.gone) this.fail(err);
    } finally {
      this.loading = false;
    }
  }

  // fail keeps the table if the server cannot be reached for a while. It removes the table if the mark is
  // gone, because it does not come back.
  fail(err) {
    if (this.shown && !/mark/i.test(err.message)) return;
    this.lost = /mark/i.test(err.message);
    show(this.table, false);
    show(this.more, false);
    setText(this.text, '');
    replace(this.none, empty('alert', this.lost ? 'This mark is no longer available' : 'Cannot load the changes', sentence(err.message),
      this.lost && ' Mark again to see what changes from now on.'));
  }

  show(answer) {
    this.shown = true;
    const { mark, rows, total, unchanged } = answer;
    setText(this.title, `What changed since ${clock(mark.t)}`);
    const where = this.q ? ' in matching series' : '';
    setText(this.text, `${plural(total, 'value')} changed${where}, ${plural(unchanged, 'series', 'series')} did not`);
    show(this.table, rows.length > 0);
    replace(this.none, rows.length === 0 && empty('check', 'Nothing has changed yet',
      this.q ? 'Only series that match the search are compared.' : 'Values appear here as soon as they change.'));
    keyed(this.body, rows, key, (c) => this.makeRow(c), (tr, c) => this.fill(tr, c));
    const rest = total - rows.length;
    show(this.more, rest > 0 && rows.length >= this.limit);
    setText(this.more, `Show more of ${count(rest)}`);
  }

  makeRow(c) {
    const num = (label) => h('td', { class: 'num', dataset: { label } });
    return h('tr', null,
      h('td', { class: 'change-name' },
        h('a', { class: 'mono', href: this.ctx.href({ family: c.family, by: null, match: null }) }, c.family),
        h('span', { class: 'change-badge' }),
        c.name && h('span', { class: 'chip is-name' }, columnTitle(c.name)),
        labelChips(c.labels)),
      num('Before'), num('After'), num('Difference'));
  }

  fill(tr, c) {
    const [name, before, after, diff] = tr.children;
    const badge = c.before === null ? 'new' : c.after === null ? 'gone' : c.reset ? 'reset' : '';
    const el = name.querySelector('.change-badge');
    setText(el, badge);
    el.className = `change-badge ${badge && `badge badge-${{ new: 'accent', gone: 'warn', reset: 'warn' }[badge]}`}`;
    [[before, c.before], [after, c.after]].forEach(([td, x]) => {
      setText(td, full(x, unitOf(c)));
      td.title = x === null ? 'no value' : String(x);
    });
    setText(diff, difference(c) || '–');
  }
}
