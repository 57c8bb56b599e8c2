// Turns texts of the server into parts of the page's sentences.

import { count, value } from './format.js';

const titles = { value: 'Value', rate: 'Rate', count: 'Count', sum: 'Sum', avg: 'Average' };

// columnTitle returns the usual name of a column: the quantile 0.99 is p99.
export const columnTitle = (c) => titles[c] ?? (/^(0?\.\d+|1)$/.test(c) ? `p${Number((100 * c).toFixed(4))}` : c);

// full writes whole numbers with all their digits, so that readers see every change.
export const full = (x, unit) => (!unit && Number.isInteger(x) ? count(x) : value(x, unit));

// moreText returns the label of the button that shows the next step items of a list, of which rest are
// hidden.
export const moreText = (rest, step) => `Show ${count(Math.min(rest, step))} more of ${count(rest)}`;

// sentence turns a text such as "no such family" into a sentence with a capital letter and a period.
export function sentence(text) {
  const trimmed = String(text).trim();
  if (trimmed === '') return '';
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? '' : '.');
}
