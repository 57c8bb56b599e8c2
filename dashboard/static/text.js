// Texts of the server as parts of the page's own sentences.

import { count, value } from './format.js';

const titles = { value: 'Value', rate: 'Rate', count: 'Count', sum: 'Sum', avg: 'Average' };

// columnTitle names a number of a series as readers do: the quantile 0.99 is p99.
export const columnTitle = (c) => titles[c] ?? (/^(0?\.\d+|1)$/.test(c) ? `p${Number((100 * c).toFixed(4))}` : c);

// full writes whole numbers with all their digits, so that those that grow are seen to grow.
export const full = (x, unit) => (!unit && Number.isInteger(x) ? count(x) : value(x, unit));

// moreText labels the button that shows the next step of a list of which rest items are hidden.
export const moreText = (rest, step) => `Show ${count(Math.min(rest, step))} more of ${count(rest)}`;

// sentence makes a text such as "no such family" one that others can follow: with a capital letter and a period.
export function sentence(text) {
  const trimmed = String(text).trim();
  if (trimmed === '') return '';
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? '' : '.');
}
