// A card for each collector with a problem.

import { copyButton, h, keyed, refreshLazily, setAttr, setText, show, svgIcon } from './dom.js';
import { clock, count, plural } from './format.js';
import { Spark } from './spark.js';
import { factsOf, keyOfFact, setState, stateBadge, tookText } from './states.js';
import { setTime, timeNode } from './times.js';

const groupNames = { target: 'Target', push: 'Push', instrument: 'Instrument' };

// makeProblem makes the card of c. The card's method refresh(c) updates it. metricsOf returns the URL of a
// collector's metrics.
export function makeProblem(c, metricsOf) {
  const since = timeNode(c.since, 'for');
  const badge = stateBadge(c.state, since);
  const sinceClock = h('span', { class: 'muted' });
  const name = h('h3', { class: 'problem-name' });
  const kind = h('span', { class: 'chip' });
  const link = h('a', { class: 'quiet-link' }, 'Metrics', svgIcon('right'));
  const error = makeError();
  const spark = new Spark();
  const took = h('span');
  const seen = h('span');
  const runs = h('div', { class: 'problem-runs' }, spark.el, h('p', null, took, seen));
  const facts = h('dl', { class: 'facts' });
  const card = h('li', { class: 'card problem' },
    h('div', { class: 'problem-head' }, name, link),
    h('p', { class: 'problem-state' }, badge, sinceClock, kind),
    error.el, runs, facts);

  refreshLazily(card, (row) => {
    setText(name, row.name);
    setText(kind, groupNames[row.group] ?? '');
    show(kind, row.group in groupNames);
    setState(badge, row.state, since);
    setTime(since, row.since);
    setText(sinceClock, row.since ? `since ${clock(row.since)}` : '');
    setLink(link, row, metricsOf);
    error.set(row);
    const durations = row.durations ?? [];
    show(runs, durations.length > 0);
    spark.set(durations, row.deadlineMs);
    setText(took, `Last run ${tookText(row)}`);
    setText(seen, runsText(durations));
    setFacts(facts, [{ label: 'Series', text: count(row.series) }, ...factsOf(row)]);
  });
  return card;
}

function runsText(durations) {
  const failed = durations.filter((run) => run.failed).length;
  return failed > 0 ? `${count(failed)} of ${plural(durations.length, 'run')} failed` : plural(durations.length, 'run');
}

// setLink points link to the metrics of c alone. It hides the link of a push, which has no metrics.
export function setLink(link, c, metricsOf) {
  const url = c.group === 'push' ? null : metricsOf(c.name);
  show(link, url !== null);
  setAttr(link, 'href', url);
  setAttr(link, 'aria-label', `Metrics of ${c.name}`);
  setAttr(link, 'title', 'Metrics as the program serves them');
}

function makeError() {
  const short = h('p', { class: 'problem-error' });
  const whole = h('pre', { class: 'code', tabindex: '0', role: 'group' });
  const more = h('details', { class: 'problem-more' }, h('summary', null, 'Full text'),
    h('div', { class: 'whole' }, whole, copyButton(() => whole.textContent)));
  const el = h('div', { class: 'problem-errors' }, short, more);
  return {
    el,
    set(c) {
      show(el, Boolean(c.error || c.detail));
      setText(short, c.error ?? '');
      setText(whole, c.detail ?? '');
      setAttr(whole, 'aria-label', `Full error of ${c.name}`);
      show(more, Boolean(c.detail));
    },
  };
}

function setFacts(list, facts) {
  keyed(list, mergePolicies(facts), keyOfFact, makeFact, (node, fact) => node.refresh(fact));
}

// mergePolicies merges the policies, which are facts without a label, into one fact.
function mergePolicies(facts) {
  const policies = facts.filter((fact) => !fact.label);
  const others = facts.filter((fact) => fact.label);
  if (policies.length > 0) others.splice(1, 0, { label: policies.length > 1 ? 'Policies' : 'Policy', chips: policies.map((p) => p.text) });
  return others;
}

function makeFact(fact) {
  const label = h('dt');
  const text = h('dd', { class: fact.chips && 'chips' }, fact.ms && timeNode(fact.ms, fact.style));
  const node = h('div', null, label, text);
  node.refresh = (f) => {
    setText(label, f.label);
    if (f.chips) keyed(text, f.chips, (chip) => chip, (chip) => h('span', { class: 'chip' }, chip));
    else if (f.ms) setTime(text.firstChild, f.ms);
    else setText(text, f.text);
  };
  return node;
}
