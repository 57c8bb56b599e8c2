// Formats numbers, durations, sizes and times for readers.

const missing = '–';
const minus = '−';
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

// special returns the text for a value that is not a finite number, and null for a finite number.
function special(x) {
  if (x === null || x === undefined || x === '') return missing;
  if (x === '+Inf' || x === Infinity) return '∞';
  if (x === '-Inf' || x === -Infinity) return `${minus}∞`;
  if (typeof x !== 'number' || Number.isNaN(x)) return 'NaN';
  return null;
}

// digits writes x ≥ 0 with at most three significant digits and four decimals, without trailing zeros.
function digits(x) {
  if (x === 0) return '0';
  if (x >= 100) return grouped.format(Math.round(x));
  const places = x >= 10 ? 1 : x >= 1 ? 2 : Math.min(4, 2 - Math.floor(Math.log10(x)));
  return String(Number(x.toFixed(places)));
}

function signed(x, write) {
  return x < 0 ? minus + write(-x) : write(x);
}

const siPrefixes = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']];

// scaled writes x in the largest unit that it reaches, also by rounding: 999,999 is "1M".
function scaled(x, units, space) {
  for (const [size, name] of units) {
    if (x >= size * 0.9995) return digits(x / size) + space + name;
  }
  return null;
}

function magnitude(x) {
  if (x >= 1e18) return exponent(x);
  if (x < 10000 && Number.isInteger(x)) return grouped.format(x);
  if (x < 9999.5 && x >= 1000) return grouped.format(Math.round(x));
  if (x >= 9999.5) return scaled(x, siPrefixes, '');
  if (x > 0 && x < 1e-3) return exponent(x);
  return digits(x);
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

// exponent writes x as 1.2×10⁻⁵.
function exponent(x) {
  const [mantissa, power] = x.toExponential(2).split('e');
  const raised = Math.abs(power).toString().replace(/\d/g, (digit) => superscripts[digit]);
  return `${Number(mantissa)}×10${power < 0 ? '⁻' : ''}${raised}`;
}

// number writes x with three or four significant digits: "1,234", "12.3k", "0.0123".
export function number(x) {
  return special(x) ?? signed(x, magnitude);
}

// count writes a whole number in full up to a million: "123,456".
export function count(n) {
  return special(n) ?? (Math.abs(n) < 1e6 ? signed(n, (v) => grouped.format(v)) : number(n));
}

// plural writes a count with its noun.
export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

function pair(ms, large, largeName, small, smallName) {
  const total = Math.round(ms / small);
  const whole = Math.floor((total * small) / large);
  const rest = total - (whole * large) / small;
  return rest === 0 ? `${count(whole)} ${largeName}` : `${count(whole)} ${largeName} ${rest} ${smallName}`;
}

function positiveDuration(ms) {
  if (ms === 0) return '0 s';
  if (ms < 1e-9) return `${exponent(ms / 1e3)} s`;
  if (ms < 0.0009995) return `${digits(ms * 1e6)} ns`;
  if (ms < 0.9995) return `${digits(ms * 1e3)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  if (ms < 59950) return `${digits(Math.round(ms / 10) / 100)} s`;
  if (ms < 3599500) return pair(ms, 60e3, 'min', 1e3, 's');
  if (ms < 86370e3) return pair(ms, 3600e3, 'h', 60e3, 'min');
  if (ms < 365 * 86400e3) return pair(ms, 86400e3, 'd', 3600e3, 'h');
  return `${magnitude(ms / (365.25 * 86400e3))} years`;
}

// duration writes milliseconds: "340 µs", "1.2 s", "3 min 20 s".
export function duration(ms) {
  return special(ms) ?? signed(ms, positiveDuration);
}

// span writes a duration in whole seconds, for texts that count up.
export function span(ms) {
  const whole = Math.max(0, Math.round(ms / 1000) * 1000);
  return whole < 60e3 ? `${whole / 1000} s` : positiveDuration(whole);
}

const byteUnits = [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']];

// bytes writes a size: "12.3 MiB".
export function bytes(n) {
  return special(n) ?? signed(n, positiveBytes);
}

function positiveBytes(n) {
  if (n >= 1e18 || (n > 0 && n < 1e-3)) return `${exponent(n)} B`;
  return scaled(n, byteUnits, ' ') ?? `${digits(n)} B`;
}

// ago writes the time between a moment and now: "3 min 20 s ago".
export function ago(ms, now) {
  if (!ms) return missing;
  return now - ms < 1500 ? 'now' : `${span(now - ms)} ago`;
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayOf = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

// clock writes a moment in local time, with the date unless it is today.
export function clock(ms) {
  if (!ms) return missing;
  const then = new Date(ms);
  const today = new Date();
  if (then.toDateString() === today.toDateString()) return clockTime.format(then);
  const day = then.getFullYear() === today.getFullYear() ? dayOf : dayAndYear;
  return `${day.format(then)}, ${clockTime.format(then)}`;
}

// moment writes seconds since the Unix epoch. Zero, which usually means "never", and values that are not
// plausible times remain numbers.
function moment(seconds, write) {
  return Math.abs(seconds) < 1e8 || Math.abs(seconds) > 1e12 ? number(seconds) : write(seconds * 1000);
}

// percent writes a ratio: 0.25 is "25 %". Below one percent, it writes two digits.
export function percent(ratio) {
  if (Math.abs(ratio) > 0 && Math.abs(ratio) < 1e-5) return `${ratio < 0 ? '> −' : '< '}0.001 %`;
  return special(ratio) ?? `${signed(ratio * 100, smallPercent)} %`;
}

function smallPercent(x) {
  if (x === 0 || x >= 1) return magnitude(x);
  return String(Number(x.toPrecision(2)));
}

// value writes x in a unit of api.Family.
export function value(x, unit) {
  const text = special(x);
  if (text) return text;
  switch (unit) {
    case 'seconds':
      return duration(x * 1000);
    case 'timestamp':
      return moment(x, clock);
    case 'bytes':
      return bytes(x);
    case 'ratio':
      return percent(x);
    case 'percent':
      return percent(x / 100);
    default:
      return number(x);
  }
}

// shortClock writes the time if a moment is today, and otherwise the date.
function shortClock(ms) {
  const [day, time] = clock(ms).split(', ');
  return time ? day : clock(ms);
}

// axis returns a formatter for the ticks of an axis.
export function axis(unit) {
  if (unit === 'timestamp') return (x) => special(x) ?? moment(x, shortClock);
  return (x) => (x === 0 ? '0' : value(x, unit));
}
