// Texts about a collector: its state and its facts.

import { h, setAttr, setText, svgIcon } from './dom.js';
import { count, duration, number } from './format.js';

// States from the worst to the best.
const states = [
  { id: 'stuck', text: 'Stuck', lasting: 'Stuck for', icon: 'stop', tone: 'bad' },
  { id: 'open', text: 'Breaker open', lasting: 'Breaker open for', icon: 'open', tone: 'bad' },
  { id: 'failed', text: 'Failed', lasting: 'Failing for', icon: 'cross', tone: 'bad' },
  { id: 'half-open', text: 'Breaker half-open', lasting: 'Breaker half-open for', icon: 'half', tone: 'warn' },
  { id: 'running', text: 'Running', lasting: 'Running for', icon: 'running', tone: 'accent' },
  { id: 'waiting', text: 'Waiting', icon: 'clock', tone: 'idle' },
  { id: 'ok', text: 'OK', icon: 'check', tone: 'ok' },
];
const unknown = { text: 'Unknown', icon: 'help', tone: 'idle' };

// stateOf describes an api.State: text, lasting (the text before a duration, which some states lack), icon
// and tone.
export function stateOf(id) {
  return states.find((state) => state.id === id) ?? { ...unknown, text: id || unknown.text };
}

// severity sorts states: the worst has the lowest number.
export function severity(id) {
  const i = states.findIndex((state) => state.id === id);
  return i < 0 ? states.length : i;
}

// stateBadge makes a badge with an icon and a text; setState changes it. If since, a time node, is given, the
// badge also shows for how long the state has lasted.
export function stateBadge(id, since) {
  const text = h('span');
  const badge = h('span', { class: 'badge' }, svgIcon('help'), h('span', null, text, since));
  setState(badge, id, since);
  return badge;
}

// setState makes badge show a state.
export function setState(badge, id, since) {
  if (badge.dataset.state === String(id)) return;
  const state = stateOf(id);
  badge.dataset.state = id;
  setAttr(badge, 'class', `badge badge-${state.tone}`);
  badge.firstChild.replaceWith(svgIcon(state.icon));
  setText(badge.lastChild.firstChild, since ? `${state.lasting ?? `${state.text} for`} ` : state.text);
}

// tookText returns the duration of the last run and its deadline: "1.2 s of 3 s".
export function tookText(c) {
  if (!c.durationMs) return c.runs ? '–' : '';
  const took = duration(c.durationMs);
  return c.deadlineMs > 0 ? `${took} of ${duration(c.deadlineMs)}` : took;
}

// policyText shortens the durations in a policy: "cache 1m0s" becomes "cache 1m".
function policyText(policy) {
  return policy.replace(/(\d[hm])0m0s\b/g, '$1').replace(/(\dm)0s\b/g, '$1');
}

const counters = [
  ['panics', 'Panics'],
  ['timeouts', 'Timeouts'],
  ['rateLimited', 'Rate-limited'],
  ['staleServes', 'Stale results served'],
  ['cacheHits', 'Cache hits'],
  ['breakerTrips', 'Breaker trips'],
  ['dropped', 'Dropped samples'],
  ['overflowed', 'Overflowed lookups'],
];

// factsOf lists the facts about c besides its state, duration and series: {label, text}, or {label, ms,
// style} for a time that counts. It leaves out counts that are zero and facts that the state already shows.
export function factsOf(c) {
  const facts = [];
  const add = (label, text, more) => facts.push({ label, text, ...more });
  for (const policy of c.policies ?? []) {
    if (c.backgroundMs && policy.startsWith('background')) continue; // See "Runs every" below.
    add('', policyText(policy), { key: `policy ${policy}` });
  }
  if (c.keptSince) add('Result from', '', { ms: c.keptSince, style: 'ago' });
  if (c.runningSince) add(c.running > 1 ? `${count(c.running)} runs under way for` : 'Under way for', '', { key: 'running', ms: c.runningSince, style: 'for' });
  else if (c.running) add('Runs under way', count(c.running));
  if (c.stuckSince && c.state !== 'stuck') add('Stuck since', '', { ms: c.stuckSince, style: 'clock' });
  if (c.breaker && c.breaker !== c.state) add('Breaker', c.breaker);
  if (c.backgroundMs) add('Runs every', duration(c.backgroundMs));
  if (c.places) add('Group', placesText(c.places));
  // An open breaker counts failures without running the collector.
  if (c.failures) add('Failures', c.runs >= c.failures ? `${count(c.failures)} in ${count(c.runs)} runs` : count(c.failures));
  for (const [name, label] of counters) {
    if (c[name]) add(label, count(c[name]));
  }
  if (c.limit) add('Limit', `${number(c.limit)} series`);
  return facts;
}

function placesText({ name, running, max, overdue }) {
  const places = `${name}: ${count(running)} of ${count(max)} places`;
  return overdue ? `${places}, ${count(overdue)} overdue` : places;
}

// keyOfFact returns the key of a fact in a list; see keyed.
export const keyOfFact = (fact) => fact.key ?? fact.label;

// setFactText updates the text of a fact without a time.
export function setFactText(node, text) {
  setText(node, text);
  if (text.length > 24) node.title = text;
}
