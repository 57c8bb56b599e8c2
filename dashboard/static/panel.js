// A panel shows one spec of the stream: lines and, for histograms, a heat map.

import { h, replace, setAttr, setText, show } from './dom.js';
import { HeatMap } from './heat.js';
import { LinePlot } from './plot.js';
import { PlotData } from './plotdata.js';
import { plural } from './format.js';

const modes = [['both', 'Both'], ['heat', 'Heat map'], ['lines', 'Quantiles']];
let lastMode = 'both'; // mode of the last histogram, in which the next one is shown, too

const kinds = { rate: 'per second', value: 'current value', quantiles: 'quantiles', states: 'states' };

export class Panel {
  // title is a node or a text above the plot. name is a text for screen readers. A compact panel first shows
  // only the lines.
  constructor(spec, { title, name, actions, compact }) {
    this.compact = compact;
    this.key = JSON.stringify(spec);
    this.data = new PlotData(spec.seconds || 300);
    this.lines = new LinePlot(this.data, name);
    this.name = name;
    this.heat = null;
    this.kind = h('span', { class: 'muted panel-kind' });
    this.switch = h('div', { class: 'segments', role: 'group', 'aria-label': `How to show ${name}` },
      modes.map(([id, text]) => h('button', { type: 'button', class: 'segment', dataset: { mode: id },
        onclick: () => this.setMode(id) }, text)));
    this.note = h('p', { class: 'panel-note muted' });
    this.body = h('div', { class: 'panel-body' }, this.lines.node);
    this.node = h('section', { class: 'panel', 'aria-label': `Plot of ${name}` },
      h('header', { class: 'panel-head' }, h('div', { class: 'panel-title' }, title, this.kind),
        h('div', { class: 'panel-tools' }, this.lines.time, this.switch, actions)),
      this.body, this.note);
    show(this.switch, false);
    setText(this.note, 'Waiting for the first sample…');
  }

  destroy() {
    this.lines.destroy();
    this.heat?.destroy();
  }

  // apply applies an event of the stream.
  apply(plot) {
    const reshaped = this.data.apply(plot);
    const { data } = this;
    setText(this.kind, kinds[data.kind] ?? '');
    setText(this.note, this.noteText());
    show(this.note, this.note.textContent !== '');
    if (data.hasHeat && !this.heat) {
      this.heat = new HeatMap(data, this.name);
      replace(this.body, this.heat.node, this.lines.node);
      this.setMode(this.compact ? 'lines' : lastMode);
    }
    this.lines.update(reshaped);
    this.heat?.update();
  }

  noteText() {
    const { data } = this;
    if (data.error) return data.error;
    if (data.lines.length === 0) return 'No values in this time range.';
    if (data.hidden > 0) {
      const more = plural(data.hidden, 'more line is', 'more lines are');
      return `${more} not shown. Filter by a value, or group by a label with fewer values.`;
    }
    if (data.t.length < 2) return 'One sample so far: lines begin with the next one.';
    return '';
  }

  setMode(id) {
    if (!this.compact) lastMode = id;
    show(this.switch, true);
    for (const b of this.switch.children) setAttr(b, 'aria-pressed', String(b.dataset.mode === id));
    show(this.heat.node, id !== 'lines');
    show(this.lines.node, id !== 'heat');
    show(this.lines.time, id !== 'heat');
    this.body.classList.toggle('is-both', id === 'both');
  }
}
