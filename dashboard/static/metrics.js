// The view of all metrics: a search at the top, the families on the left, and one of them on the right. On
// narrow screens, a family takes the whole page.

import { Changes } from './changes.js';
import { empty, h, keyed, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { FamilyPane, typeBadge } from './family.js';
import { count, plural } from './format.js';
import { Panel } from './panel.js';
import { moreText, sentence } from './text.js';
import { describe, pinsOf, specOf, writeMatch, writePins } from './spec.js';

const pageSize = 100;
const searchDelay = 60; // milliseconds between a key and the search

let page = null;

export const view = {
  id: 'metrics',
  title: 'Metrics',
  mount(root, ctx) {
    page = new Page(root, ctx);
    page.navigate();
  },
  navigate() {
    page.navigate();
  },
  update(event, data) {
    if (event === 'tick') page.tick(data);
    if (event === 'plot') page.plot(data);
  },
  unmount() {
    page.destroy();
    page = null;
  },
};

class Page {
  constructor(root, ctx) {
    this.ctx = ctx;
    this.limit = pageSize;
    this.family = null;
    this.pins = new Map(); // text of a spec → Panel
    this.changes = null;
    this.input = h('input', {
      type: 'search', id: 'metrics-search', 'aria-label': 'Search metrics', 'aria-describedby': 'metrics-hints', autocomplete: 'off',
      spellcheck: 'false', placeholder: 'Name, label, value or help', oninput: () => this.typed(), onkeydown: (e) => this.fromInput(e),
    });
    this.counts = h('p', { class: 'muted counts', role: 'status' });
    this.markButton = h('button', { type: 'button', class: 'btn', onclick: () => this.mark() },
      svgIcon('clock'), h('span', null, 'What changed?'));
    this.pinned = h('div', { class: 'pins' });
    this.list = h('ul', { class: 'family-list', onkeydown: (e) => this.fromList(e) });
    this.more = h('button', { type: 'button', class: 'btn show-more', onclick: () => this.showMore() });
    this.none = h('div');
    this.master = h('nav', { class: 'master card', 'aria-label': 'Metric families' }, this.none, this.list, this.more);
    this.detail = h('div', { class: 'detail' });
    this.split = h('div', { class: 'split' }, this.master, this.detail);
    this.changesHost = h('div');
    show(this.more, false);
    this.toolbar = h('div', { class: 'toolbar metrics-bar' },
      h('div', { class: 'search' }, svgIcon('search'), this.input), this.counts,
      h('div', { class: 'toolbar-end' }, this.markButton));
    const hint = (code, text) => h('span', null, h('code', null, code), ` ${text}`);
    this.hints = h('p', { class: 'hints muted', id: 'metrics-hints' },
      hint('code=500', 'label and value'), hint('type:counter', 'type'), hint('-go_', 'exclude'), hint('"two words"', 'phrase'));
    replace(root, this.toolbar, this.hints, this.pinned, this.changesHost, this.split);
  }

  destroy() {
    clearTimeout(this.timer);
    this.gone = true;
    this.family?.destroy();
    this.changes?.destroy();
    for (const panel of this.pins.values()) panel.destroy();
  }

  // navigate shows what the URL describes. It is called for every change of the URL.
  navigate() {
    const { params } = this.ctx;
    const q = params.get('q') ?? '';
    // While the reader is typing, the box is ahead of the URL.
    if (document.activeElement !== this.input || !this.timer) this.input.value = q;
    if (q !== this.q) {
      this.q = q;
      this.limit = pageSize;
      this.search();
    }
    this.showPins();
    this.showChanges();
    this.showFamily();
    this.ctx.plots(this.specs());
  }

  specs() {
    const spec = specOf(this.ctx.params);
    return [...pinsOf(this.ctx.params), ...(spec ? [spec] : [])];
  }

  showFamily() {
    const name = this.ctx.params.get('family');
    const since = this.ctx.params.get('since');
    this.split.classList.toggle('has-family', Boolean(name));
    this.split.classList.toggle('is-alone', Boolean(name && since));
    show(this.split, Boolean(name) || !since);
    if (this.family?.name !== name) {
      this.family?.destroy();
      const before = this.family;
      this.family = name ? new FamilyPane(this.ctx, name) : null;
      replace(this.detail, this.family?.node ?? empty('search', 'Select a family',
        'Its plot, labels, queries and current values appear here. Move in the list with ',
        h('kbd', null, '↑'), ' ', h('kbd', null, '↓'), ' and open a family with ', h('kbd', null, 'Enter'), '.'));
      this.moveFocus(before);
    }
    this.family?.navigate();
    for (const a of this.list.querySelectorAll('a')) setAttr(a, 'aria-current', a.dataset.name === name ? 'true' : null);
  }

  // moveFocus moves the focus to the family if it takes the whole page, and back to the list afterwards.
  moveFocus(before) {
    if (this.family && getComputedStyle(this.master).display === 'none') {
      window.scrollTo(0, 0);
      this.family.node.querySelector('h2').focus({ preventScroll: true });
    } else if (!this.family && before) {
      [...this.list.querySelectorAll('a')].find((a) => a.dataset.name === before.name)?.focus();
    }
  }

  showPins() {
    const pins = pinsOf(this.ctx.params);
    const keys = pins.map((p) => JSON.stringify(p));
    for (const [key, panel] of this.pins) {
      if (keys.includes(key)) continue;
      panel.destroy();
      this.pins.delete(key);
    }
    keyed(this.pinned, pins, (p) => JSON.stringify(p), (p) => this.makePin(p, pins));
    show(this.pinned, pins.length > 0);
  }

  makePin(spec) {
    const { by, each, match } = spec;
    const href = this.ctx.href({
      family: spec.family, by: each ? '*' : by.join(','), match: writeMatch(match), range: spec.seconds,
    });
    const key = JSON.stringify(spec);
    const others = () => pinsOf(this.ctx.params).filter((p) => JSON.stringify(p) !== key);
    const unpin = h('button', {
      type: 'button', class: 'btn btn-icon', 'aria-label': `Unpin ${spec.family}`,
      onclick: () => this.ctx.go({ pin: writePins(others()) }),
    }, svgIcon('cross'));
    const title = [h('h2', null, h('a', { class: 'mono', href }, spec.family)), h('span', { class: 'muted' }, describe(spec))];
    const panel = new Panel(spec, { title, name: `${spec.family}, pinned`, actions: unpin, compact: true });
    this.pins.set(key, panel);
    return panel.node;
  }

  showChanges() {
    const since = this.ctx.params.get('since');
    const family = this.ctx.params.get('family');
    if (this.changes?.id !== since) {
      this.changes?.destroy();
      this.changes = since ? new Changes(this.ctx, since, () => this.mark()) : null;
      replace(this.changesHost, this.changes?.node);
    }
    show(this.changesHost, Boolean(since) && !family);
    show(this.markButton, !since);
    show(this.counts, !since || Boolean(family));
    this.changes?.navigate();
  }

  async mark() {
    try {
      const mark = await this.ctx.postJSON('api/marks');
      if (mark) this.ctx.go({ since: mark.id, family: null, by: null, match: null });
    } catch (err) {
      setText(this.counts, `Cannot set the mark: ${err.message}`);
    }
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      this.ctx.go({ q: this.input.value.trim() || null }, { replace: true });
    }, searchDelay);
  }

  async search() {
    try {
      const answer = await this.ctx.getJSON('api/metrics', { q: this.q, limit: this.limit });
      if (answer && !this.gone) this.showResult(answer);
    } catch (err) {
      if (this.gone) return;
      this.early = true;
      if (this.list.children.length === 0) replace(this.none, empty('alert', 'The search failed', sentence(err.message)));
      setText(this.counts, `The search failed: ${err.message}`);
    }
  }

  showResult(answer) {
    const { families, series, matchedFamilies, matchedSeries, rows } = answer;
    this.early = answer.t === 0; // whether the answer came before the first sample
    setText(this.counts, this.q
      ? `${count(matchedFamilies)} of ${plural(families, 'family', 'families')}, ${count(matchedSeries)} of ${count(series)} series`
      : `${plural(families, 'family', 'families')}, ${count(series)} series`);
    const current = this.ctx.params.get('family');
    keyed(this.list, rows, (f) => f.name, (f) => this.makeItem(f), (li, f) => {
      this.fillItem(li, f);
      setAttr(li.firstChild, 'aria-current', f.name === current ? 'true' : null);
    });
    replace(this.none, rows.length === 0 && (answer.t === 0
      ? empty('clock', 'Waiting for the first sample…')
      : this.q
        ? empty('search', 'Nothing matches', 'All words must match. ', h('a', { href: this.ctx.href({ q: null }) }, 'Clear the search'))
        : empty('clock', 'No metrics yet', 'Metrics appear here once the program exposes them.')));
    const rest = matchedFamilies - rows.length;
    show(this.more, rest > 0);
    setText(this.more, moreText(rest, pageSize));
  }

  makeItem(f) {
    return h('li', null, h('a', { class: 'family-item', dataset: { name: f.name } },
      h('span', { class: 'family-item-head' }, h('span', { class: 'family-item-name mono' }, f.name), typeBadge(f)),
      h('span', { class: 'family-item-help' }), h('span', { class: 'family-item-foot' })));
  }

  fillItem(li, f) {
    const [head, help, foot] = li.firstChild.children;
    setAttr(li.firstChild, 'href', this.ctx.href({ family: f.name, by: null, match: null }));
    setAttr(head.firstChild, 'title', f.name);
    setText(help, f.help ?? '');
    show(help, Boolean(f.help));
    const matched = f.matched < f.series ? `${count(f.matched)} of ` : '';
    setText(foot, [matched + plural(f.series, 'series', 'series'), f.unit].filter(Boolean).join(' · '));
  }

  showMore() {
    this.limit += pageSize;
    this.search();
  }

  fromInput(e) {
    const first = this.list.querySelector('a');
    if (e.key === 'ArrowDown' && first) first.focus();
    else if (e.key === 'Enter' && first && !this.changes) first.click();
    else if (e.key === 'Escape' && this.input.value) {
      this.input.value = '';
      this.typed();
    } else return;
    e.preventDefault();
  }

  fromList(e) {
    const links = [...this.list.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    if (to < 0) this.input.focus();
    else links[Math.min(to, links.length - 1)].focus();
  }

  tick(data) {
    // The list has no values, so it changes only if families or series come or go.
    const shape = `${data.families} ${data.series}`;
    if (this.early || (shape !== this.shape && this.shape !== undefined)) this.search();
    this.shape = shape;
    this.family?.tick();
    if (!this.family) this.changes?.tick();
  }

  plot(data) {
    const pins = pinsOf(this.ctx.params);
    if (data.id < pins.length) this.pins.get(JSON.stringify(pins[data.id]))?.apply(data);
    else this.family?.apply(data);
  }
}
