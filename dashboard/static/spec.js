// Specs of plots, and their form in the URL.

export const ranges = [[60, '1 min'], [300, '5 min'], [900, '15 min'], [3600, '1 h']];
export const maxPins = 4;

// matchOf reads the parameter match, which is itself a query: label=value&label=value.
export const matchOf = (params) => [...new URLSearchParams(params.get('match') ?? '')];
export const writeMatch = (pairs) => String(new URLSearchParams(pairs)) || null;

// byOf reads the parameter by: names of labels, or "*" for one line per series.
export function byOf(params) {
  const text = params.get('by') ?? '';
  if (text === '*') return { each: true, by: [] };
  return { each: false, by: text.split(',').filter(Boolean) };
}

// specOf returns the spec of the family in the URL, or null if the URL has no family.
export function specOf(params) {
  const family = params.get('family');
  if (!family) return null;
  const { by, each } = byOf(params);
  const seconds = Number(params.get('range'));
  return {
    family,
    match: matchOf(params),
    by,
    each,
    seconds: ranges.some(([s]) => s === seconds) ? seconds : 300,
  };
}

// pinsOf reads the pinned specs. Anyone can write a URL, so pinsOf ignores malformed ones.
export function pinsOf(params) {
  try {
    const list = JSON.parse(params.get('pin') ?? '[]');
    const texts = (x) => Array.isArray(x) && x.every((y) => typeof y === 'string');
    return list.filter((p) => typeof p.family === 'string' && texts(p.by) && Array.isArray(p.match) && p.match.every(texts))
      .slice(0, maxPins)
      .map((p) => ({ family: p.family, match: p.match, by: p.by, each: p.each === true, seconds: Number(p.seconds) || 300 }));
  } catch {
    return [];
  }
}

export const writePins = (pins) => (pins.length > 0 ? JSON.stringify(pins) : null);

// describe summarizes the part of a family that a spec shows.
export function describe(spec) {
  const parts = spec.match.map(([n, v]) => `${n}=${v}`);
  if (spec.each) parts.push('each series');
  else if (spec.by.length > 0) parts.push(`by ${spec.by.join(', ')}`);
  return parts.join(' · ');
}

// words writes labels in the syntax of the search, to filter series. That syntax cannot express quotes, but
// it matches parts of values. words therefore leaves out quotes and the mark of a cut value, and the search
// still finds the series.
export const words = (match) => match.map(([n, v]) => `${n}="${v.replace(/"/g, '').replace(/…$/, '')}"`).join(' ');
