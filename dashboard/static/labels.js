// The labels of a family with their most frequent values. The values are fetched when a label is opened.

import { h, keyed, replace, setText, show } from './dom.js';
import { bytes, plural } from './format.js';
import { sentence } from './text.js';

const limit = 20;

// labelChips makes a chip for each label, [name, value].
export const labelChips = (labels) => labels.map(([name, value]) => h('span', { class: 'chip' }, `${name}=${value}`));

// valueBars makes a list of the values of a label. Each has a bar for its share of the series. If pick is
// given, pick(value) is called when the reader chooses a value.
function valueBars(answer, total, pick) {
  const rows = (answer.top ?? []).slice(0, limit);
  const rest = answer.values - rows.length;
  return h('div', null,
    h('ul', { class: 'bars' }, rows.map((v) => {
      const text = v.value === '' ? '(empty)' : v.value;
      const bar = h('span', { class: 'bar', style: { width: `${Math.max(1, (100 * v.series) / Math.max(1, total))}%` } });
      const inner = [bar, h('span', { class: 'bar-name' }, text),
        h('span', { class: 'bar-value' }, plural(v.series, 'series', 'series'), pick ? null : ` · ${bytes(v.bytes)}`)];
      return h('li', null, pick
        ? h('button', { type: 'button', class: 'bar-row', title: `Show only ${answer.name}=${text}`,
          onclick: () => pick(v.value) }, inner)
        : h('div', { class: 'bar-row', title: text }, inner));
    })),
    rest > 0 && h('p', { class: 'muted bars-rest' }, `and ${plural(rest, 'more value')}`));
}

// labelDetails makes a details element for a label. It fetches the values when it is opened.
export function labelDetails(ctx, family, label, pick) {
  const body = h('div', { class: 'label-body' });
  const number = h('span', { class: 'muted' });
  const details = h('details', { class: 'label', ontoggle: load },
    h('summary', null, h('span', { class: 'mono' }, label.name), number), body);
  details.refresh = (l) => setText(number, plural(l.values, 'value'));
  details.refresh(label);

  async function load() {
    if (!details.open) return;
    if (!body.firstChild) replace(body, h('p', { class: 'muted' }, 'Loading…'));
    try {
      // The label makes the path unique, because opening two labels at once must not abort the first request.
      const query = new URLSearchParams({ name: family.name, label: label.name, limit });
      const answer = await ctx.getJSON(`api/cardinality/values?${query}`);
      if (answer) replace(body, valueBars(answer, family.series, pick));
    } catch (err) {
      replace(body, h('p', { class: 'muted' }, sentence(err.message)));
    }
  }
  return details;
}

// labelList makes the section with the labels of a family. pick(label, value) is called when the reader
// chooses a value.
export function labelList(ctx, name, pick) {
  const list = h('div', { class: 'label-list card' });
  const text = h('span', { class: 'muted' });
  const node = h('section', { class: 'section' }, h('div', { class: 'section-head' }, h('h3', null, 'Labels'), text), list);
  return {
    node,
    show(family) {
      const labels = family.labels ?? [];
      show(node, labels.length > 0);
      setText(text, 'open a label to filter by its values');
      keyed(list, labels, (l) => l.name, (l) => labelDetails(ctx, { ...family, name }, l, (value) => pick(l.name, value)),
        (el, l) => el.refresh(l));
    },
  };
}
