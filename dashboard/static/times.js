// The server's clock, and texts that follow it.

import { h, setText } from './dom.js';
import { ago, clock, span } from './format.js';

let ahead = 0; // milliseconds by which the server's clock is ahead of the browser's

// setServerTime learns the server's time from an event that has just arrived. Events may be late but are
// never early, so the largest difference is the best one. A much smaller difference means that a clock has
// been set.
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

// timeNode makes a text about a moment in the style "ago" ("3 min ago"), "for" ("3 min") or "clock".
// refreshTimes keeps it current.
export function timeNode(ms, style) {
  const el = h('time', { dataset: { style } });
  setTime(el, ms);
  return el;
}

// setTime changes the moment of a time node; 0 means no moment.
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

// refreshTimes updates all time nodes of the page.
export function refreshTimes() {
  for (const el of document.querySelectorAll('time[data-style="ago"], time[data-style="for"]')) render(el);
}
