// Texts of the server as parts of the page's own sentences.

// sentence makes a text such as "no such family" one that others can follow: with a capital letter and a period.
export function sentence(text) {
  const trimmed = String(text).trim();
  if (trimmed === '') return '';
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? '' : '.');
}
