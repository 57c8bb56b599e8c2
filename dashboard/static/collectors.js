// The view of collectors: first those with problems, then the others by group, and the instruments folded.

import { empty, h, keyed, replace, setText, show, svgIcon } from './dom.js';
import { count, plural } from './format.js';
import { makeProblem } from './problems.js';
import { Section, byWorst, totalText } from './rows.js';
import { moreText } from './text.js';

const problemStep = 50;
const instrumentStep = 200;

let ctx;
let rows; // ID → api.Collector, in the order of registration
let parts; // elements and sections of the mounted view
let problemLimit;

export const view = {
  id: 'collectors',
  title: 'Collectors',

  mount(root, context) {
    ctx = context;
    rows = null;
    problemLimit = problemStep;
    parts = makeParts();
    replace(root, parts.toolbar, parts.failure, parts.waiting, parts.body);
  },

  navigate() {
    const q = ctx.params.get('q') ?? '';
    if (parts.filter.value !== q) parts.filter.value = q;
    render();
  },

  update(event, data) {
    if (event === 'tick') renderFailure(data);
    if (event !== 'collectors') return;
    rows = merge(rows, data);
    parts.instrumentsAll = data.instruments;
    render();
  },

  unmount() {
    parts = rows = null;
  },
};

// merge applies an event to the rows. An unchanged row stays the same object, so that it is not drawn again.
function merge(before, { all, rows: changed, removed }) {
  const after = all || !before ? new Map() : before;
  for (const row of changed ?? []) after.set(row.id, row);
  for (const id of removed ?? []) after.delete(id);
  return after;
}

// metricsOf returns the URL of the metrics of one collector, or null if the server's URL is not safe to
// follow.
function metricsOf(name) {
  const base = ctx.hello?.metricsURL || 'metrics';
  if (/^[a-z][a-z0-9+.-]*:/i.test(base) && !/^https?:\/\//i.test(base)) return null;
  return `${base}${base.includes('?') ? '&' : '?'}collect[]=${encodeURIComponent(name)}`;
}

function makeParts() {
  const filter = h('input', {
    type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter collectors by name', autocomplete: 'off', spellcheck: 'false',
    oninput: () => ctx.go({ q: filter.value }, { replace: true }),
  });
  filter.value = ctx.params.get('q') ?? '';
  const p = {
    filter,
    toolbar: h('div', { class: 'toolbar' },
      h('div', { class: 'search' }, svgIcon('search'), filter),
      h('p', { class: 'toolbar-end' }, h('span', { class: 'muted' }, 'Also as'), h('a', { href: 'api/collectors' }, 'JSON'), h('a', { href: 'collectors.txt' }, 'plain text'))),
    failure: h('p', { class: 'error-box', hidden: true }),
    waiting: h('div', null, empty('clock', 'Waiting for the first sample…')),
    problems: h('ul', { class: 'problems' }),
    problemsTitle: h('h2'),
    moreProblems: h('button', { class: 'btn', type: 'button', onclick: () => {
      problemLimit += problemStep;
      render();
    } }),
    fine: h('p', { class: 'fine' }, svgIcon('check'), h('span')),
    nothing: h('div', { class: 'card' }),
    collectors: new Section({ title: 'Collectors', metricsOf }),
    targets: new Section({ title: 'Targets and gatherers', metricsOf }),
    pushes: new Section({ title: 'Pushes', metricsOf }),
    instruments: makeInstruments(),
  };
  p.problemsPart = h('section', null, h('div', { class: 'section-head' }, p.problemsTitle), p.problems,
    h('p', { class: 'more' }, p.moreProblems));
  p.body = h('div', { hidden: true }, p.fine, p.problemsPart, p.nothing, p.collectors.el, p.targets.el, p.pushes.el, p.instruments.el);
  return p;
}

// makeInstruments makes the folded list of instruments. It is filled only while it is open.
function makeInstruments() {
  const section = new Section({ title: 'Instruments', metricsOf, limit: instrumentStep, plain: true });
  const text = h('span', { class: 'muted' });
  const none = h('p', { class: 'muted' }, 'No instruments match.');
  const filter = h('input', { type: 'search', placeholder: 'Filter instruments', 'aria-label': 'Filter instruments by name', autocomplete: 'off', oninput: fill });
  const el = h('details', { class: 'section instruments', ontoggle: fill },
    h('summary', null, h('h2', null, 'Instruments'), text),
    h('div', { class: 'toolbar' }, h('div', { class: 'search' }, svgIcon('search'), filter)), none, section.el);
  let items = [];
  function fill() {
    if (!el.open) return;
    const matching = items.filter(matcher(filter.value));
    section.set(matching);
    show(none, items.length > 0 && matching.length === 0);
  }
  return {
    el,
    set(all, matching, totals) {
      items = matching;
      const filtered = matching.length < all.length ? `${count(matching.length)} of ` : '';
      setText(text, `${filtered}${plural(totals?.count ?? all.length, 'instrument')}, ${plural(totals?.series ?? 0, 'series', 'series')}`);
      show(el, matching.length > 0);
      fill();
    },
  };
}

// matcher returns a function that reports whether the name of a collector contains all words of q.
function matcher(q) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return (c) => {
    const name = c.name.toLowerCase();
    return words.every((word) => name.includes(word));
  };
}

function render() {
  show(parts.waiting, !rows);
  show(parts.body, Boolean(rows));
  if (!rows) return;
  const all = [...rows.values()];
  const matching = all.filter(matcher(parts.filter.value));
  const problems = matching.filter((c) => c.problem).sort(byWorst);
  const group = (name) => matching.filter((c) => c.group === name && !c.problem);
  renderProblems(problems, all.filter((c) => c.problem).length);
  renderSummary(all, matching, problems);
  fill(parts.collectors, group('collector'), 'collector');
  fill(parts.targets, group('target'), 'target');
  fill(parts.pushes, group('push'), 'push', 'pushes');
  parts.instruments.set(all.filter((c) => c.group === 'instrument'), group('instrument'), parts.instrumentsAll);
}

// renderFailure shows why the last sample is incomplete, unless the problems of collectors already explain
// it.
function renderFailure({ error, problems }) {
  show(parts.failure, Boolean(error) && problems === 0);
  setText(parts.failure, `The last sample is incomplete: ${error}`);
}

function fill(section, items, one, many) {
  section.set(items, `${totalText(items, one, many)}, no problems`);
}

function renderProblems(problems, inAll) {
  show(parts.problemsPart, problems.length > 0);
  setText(parts.problemsTitle, problems.length < inAll ? `${count(problems.length)} of ${plural(inAll, 'problem')}` : plural(inAll, 'problem'));
  const shown = problems.slice(0, problemLimit);
  keyed(parts.problems, shown, (c) => c.id, (c) => makeProblem(c, metricsOf), (card, c) => card.refresh(c));
  const hidden = problems.length - shown.length;
  show(parts.moreProblems.parentNode, hidden > 0);
  setText(parts.moreProblems, moreText(hidden, problemStep));
}

// renderSummary shows that all collectors are fine, that no collectors exist yet, or that no collector
// matches the filter.
function renderSummary(all, matching, problems) {
  const others = all.filter((c) => c.group !== 'instrument');
  const filtered = parts.filter.value !== '';
  show(parts.fine, problems.length === 0 && others.length > 0 && !filtered);
  setText(parts.fine.lastChild, others.length === 1 ? 'No problems. 1 collector is fine.' : `No problems. ${count(others.length)} collectors are fine.`);
  show(parts.nothing, matching.length === 0);
  if (matching.length > 0) return;
  if (all.length === 0) replace(parts.nothing, empty('clock', 'No collectors yet', 'Collectors appear here once they are registered.'));
  else replace(parts.nothing, empty('search', 'Nothing matches', 'All words must be in the name. ', h('a', { href: '?view=collectors' }, 'Clear the filter')));
}
