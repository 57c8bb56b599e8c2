// The server's clock, and texts that count with it.

import { h, setText } from './dom.js';
import { ago, clock, span } from './format.js';

let ahead = 0; // Milliseconds that the server's clock is ahead of ours.

// setServerTime takes the time of an event that has just arrived. Events are late now and then, never early, so the
// largest difference is the best one; a smaller one is taken if the clocks have been set.
export function setServerTime(ms) {
  const difference = ms - Date.now();
  if (difference > ahead || ahead - difference > 2000) ahead = difference;
}

// now returns the server's time in milliseconds.
export function now() {
  return Date.now() + ahead;
}

const styles = {
  ago: (ms) => ago(ms, now()),
  for: (ms) => span(now() - ms),
  clock,
};

// timeNode makes a text about a moment: in style "ago" ("3 min ago"), "for" ("3 min") or "clock". It stays current.
export function timeNode(ms, style) {
  const el = h('time', { dataset: { style } });
  setTime(el, ms);
  return el;
}

// setTime changes the moment that a time node is about; 0 means none.
export function setTime(el, ms) {
  el.dataset.ms = ms || 0;
  if (ms) {
    el.dateTime = new Date(ms).toISOString();
    el.title = clock(ms);
  }
  render(el);
}

function render(el) {
  const ms = Number(el.dataset.ms);
  setText(el, ms ? styles[el.dataset.style](ms) : '–');
}

// refreshTimes brings all time nodes of the page up to date.
export function refreshTimes() {
  for (const el of document.querySelectorAll('time[data-style="ago"], time[data-style="for"]')) render(el);
}
