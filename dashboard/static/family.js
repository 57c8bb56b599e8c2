// One metric family: its description, plot, labels, queries, values and exemplars.

import { copyButton, empty, h, keyed, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { clock, count, plural } from './format.js';
import { labelList } from './labels.js';
import { Panel } from './panel.js';
import { byOf, describe, matchOf, maxPins, pinsOf, ranges, specOf, words, writeMatch, writePins } from './spec.js';
import { sentence } from './text.js';
import { Values } from './values.js';

// typeBadge makes a badge with the type of a family.
export const typeBadge = (family) => h('span', { class: `type type-${/^[a-z]+$/.test(family.type) ? family.type : 'other'}` },
  family.type, family.native && ' · native');

export class FamilyPane {
  constructor(ctx, name) {
    this.ctx = ctx;
    this.name = name;
    this.panel = null;
    this.detail = null;
    this.meta = h('div', { class: 'family-meta' });
    this.help = h('p', { class: 'family-help' });
    this.controls = h('div', { class: 'family-controls' });
    this.plotHost = h('div');
    this.labels = labelList(ctx, name, (label, value) => this.addMatch(label, value));
    this.queries = h('ul', { class: 'card' });
    this.values = new Values(() => this.load());
    this.error = h('div');
    this.rest = h('div', null, this.plotHost, h('div', { class: 'family-columns' }, this.labels.node,
      h('section', { class: 'section' }, h('div', { class: 'section-head' }, h('h3', null, 'PromQL')), this.queries)),
    this.values.node, this.values.exemplars.node);
    this.back = h('a', { class: 'back' });
    this.node = h('article', { class: 'family' }, this.back,
      h('header', { class: 'family-head' },
        h('h2', { class: 'family-name mono', tabindex: '-1' }, name), copyButton(() => name, 'Copy name')),
      this.meta, this.help, this.controls, this.error, this.rest);
    show(this.rest, false);
    show(this.controls, false);
  }

  destroy() {
    this.panel?.destroy();
    this.gone = true;
  }

  // navigate applies a change of the URL: other lines, filters or ranges.
  navigate() {
    const { params } = this.ctx;
    const since = params.get('since');
    replace(this.back, svgIcon('chevron'), since ? 'All changes' : 'All metrics');
    this.back.classList.toggle('always', since !== null);
    this.back.setAttribute('href', this.ctx.href({ family: null, by: null, match: null }));
    this.setPanel();
    this.buildControls();
    const key = words(matchOf(params));
    if (key !== this.words) {
      this.words = key;
      this.values.reset();
    }
    this.load();
  }

  spec() {
    return specOf(this.ctx.params);
  }

  setPanel() {
    const spec = this.spec();
    if (this.panel?.key === JSON.stringify(spec)) return;
    this.panel?.destroy();
    const name = [this.name, describe(spec)].filter(Boolean).join(', ');
    this.panel = new Panel(spec, { title: h('h3', null, describe(spec) || 'All series together'), name });
    replace(this.plotHost, this.panel.node);
  }

  apply(plot) {
    this.panel?.apply(plot);
  }

  async load() {
    this.loading = true;
    try {
      const detail = await this.ctx.getJSON('api/family', { name: this.name, q: this.words, ...this.values.wanted() });
      if (detail && !this.gone) this.show(detail);
    } catch (err) {
      if (!this.gone) this.fail(err);
    } finally {
      this.loading = false;
    }
  }

  // tick refreshes the numbers, unless the last request is still in progress.
  tick() {
    if (!this.loading) this.load();
  }

  // fail keeps the last values, if any, because the connection may come back.
  fail(err) {
    if (this.detail) {
      replace(this.error, h('p', { class: 'error-box', role: 'status' },
        `These values are from ${clock(this.detail.t)}. ${sentence(err.message)}`));
      return;
    }
    replace(this.error, empty('alert', 'Cannot show this family', sentence(err.message), ' It may appear with the next sample.'));
  }

  show(detail) {
    this.detail = detail;
    const { family } = detail;
    if (this.error.firstChild) replace(this.error);
    show(this.rest, true);
    show(this.controls, true);
    const key = JSON.stringify([family.type, family.unit, family.series, detail.collectors, family.help]);
    if (key !== this.metaKey) {
      this.metaKey = key;
      this.buildMeta(detail);
    }
    const labels = JSON.stringify(family.labels ?? []);
    if (labels !== this.labelsKey) {
      this.labelsKey = labels;
      this.buildControls();
      this.labels.show(family);
    }
    keyed(this.queries, detail.queries ?? [], (q) => q.title + q.expr, (q) => h('li', { class: 'query' },
      h('div', null, h('span', { class: 'muted' }, q.title), h('code', null, q.expr)), copyButton(() => q.expr)));
    this.values.show(detail);
  }

  buildMeta({ family, collectors }) {
    replace(this.meta, typeBadge(family),
      h('span', { class: 'muted' }, [
        family.unit && (family.unit === 'timestamp' ? 'timestamp' : `unit ${family.unit}`),
        plural(family.series, 'series', 'series'),
      ].filter(Boolean).join(' · ')),
      collectors?.length > 0 && h('span', { class: 'muted' }, 'collected by ', collectors.map((c, i) => [i > 0 && ', ',
        h('a', { href: this.ctx.href({ view: 'collectors', q: c }) }, c)])));
    setText(this.help, family.help || 'No help text.');
    setAttr(this.help, 'title', family.help || null);
  }

  buildControls() {
    const { params } = this.ctx;
    const { by, each } = byOf(params);
    const labels = this.detail?.family.labels ?? [];
    const chip = (text, n, pressed, change) => h('button', { type: 'button', class: 'pick', 'aria-pressed': String(pressed),
      onclick: () => this.go(change) }, text, n > 0 && h('span', { class: 'pick-count' }, count(n)));
    const toggled = (name) => (by.includes(name) ? by.filter((b) => b !== name) : [...by, name]).join(',') || null;
    const nameOf = (el) => el.dataset.focus ?? el.textContent;
    const focused = this.controls.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    const group = (label, title, ...chips) => h('div', { class: 'control', role: 'group', 'aria-label': label },
      h('span', { class: 'control-name' }, title), chips);
    replace(this.controls,
      labels.length > 0 && group('Lines of the plot', 'Lines by',
        chip('all together', 0, by.length === 0 && !each, { by: null }),
        labels.map((l) => chip(l.name, l.values, by.includes(l.name), { by: toggled(l.name) })),
        chip('each series', 0, each, { by: each ? null : '*' })),
      matchOf(params).length > 0 && group('Filter of the plot', 'Filter',
        matchOf(params).map(([n, v]) => h('button', { type: 'button', class: 'pick is-filter', onclick: () => this.dropMatch(n) },
          h('span', { class: 'pick-text' }, `${n}=${v}`), svgIcon('cross'), h('span', { class: 'sr' }, ' remove this filter')))),
      h('div', { class: 'control control-end' }, this.rangeControl(), this.pinButton()));
    // The chip that was pressed has been replaced by a new one, which gets the focus.
    if (focused) [...this.controls.querySelectorAll('button, select')].find((b) => nameOf(b) === focused)?.focus();
  }

  rangeControl() {
    const { seconds } = this.spec();
    return h('label', { class: 'range' }, h('span', { class: 'control-name' }, 'Last'),
      h('select', {
        dataset: { focus: 'range' }, onchange: (e) => this.go({ range: e.target.value === '300' ? null : e.target.value }),
      },
        ranges.map(([s, text]) => h('option', { value: s, selected: s === seconds }, text))));
  }

  pinButton() {
    const pins = pinsOf(this.ctx.params);
    const key = JSON.stringify(this.spec());
    const pinned = pins.some((p) => JSON.stringify(p) === key);
    const next = pinned ? pins.filter((p) => JSON.stringify(p) !== key) : [...pins, this.spec()];
    const button = h('button', { type: 'button', class: 'btn btn-small', 'aria-pressed': String(pinned), dataset: { focus: 'pin' },
      title: 'Keep this plot at the top of the page', onclick: () => this.go({ pin: writePins(next) }) },
    pinned ? 'Pinned' : 'Pin plot');
    button.disabled = !pinned && pins.length >= maxPins;
    if (button.disabled) setAttr(button, 'title', `At most ${maxPins} plots can be pinned`);
    return button;
  }

  go(changes) {
    this.ctx.go(changes);
  }

  addMatch(label, value) {
    const rest = matchOf(this.ctx.params).filter(([n]) => n !== label);
    this.go({ match: writeMatch([...rest, [label, value]]) });
  }

  dropMatch(label) {
    this.go({ match: writeMatch(matchOf(this.ctx.params).filter(([n]) => n !== label)) });
  }
}
