// Keyboard shortcuts and the dialog that explains them.

import { h, replace, svgIcon } from './dom.js';

const maxGap = 1200; // milliseconds between g and the letter of a view
const letters = { collectors: 'c', metrics: 'm', cardinality: 'd', history: 'h' };

// listenToKeys handles "g" and the letter of a view, "/", and "?".
export function listenToKeys(views, ctx) {
  let waiting = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (Date.now() - waiting < maxGap) {
      waiting = 0;
      const view = views.find((v) => letters[v.id] === key);
      if (view) {
        event.preventDefault();
        ctx.go({ view: view.id });
        document.getElementById('main').focus({ preventScroll: true }); // The element that had the focus may be gone.
      }
    } else if (key === 'g') {
      waiting = Date.now();
    } else if (key === '/') {
      const search = document.querySelector('main input[type="search"]');
      if (search) event.preventDefault();
      search?.focus();
      search?.select();
    } else if (key === '?') {
      event.preventDefault();
      showHelp(views);
    }
  });
}

function isTyping(el) {
  return el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.closest?.('dialog[open]') !== null;
}

// showHelp opens the list of shortcuts.
export function showHelp(views) {
  const dialog = document.getElementById('help');
  const row = (keys, text) => [
    h('dt', null, keys.map((key) => h('kbd', null, key))),
    h('dd', null, text),
  ];
  replace(dialog,
    h('div', { class: 'help-head' },
      h('h2', { id: 'help-title' }, 'Keyboard shortcuts'),
      h('button', { class: 'btn btn-icon', type: 'button', 'aria-label': 'Close', onclick: () => dialog.close() }, svgIcon('cross'))),
    h('dl', { class: 'keys' },
      views.map((view) => row(['g', letters[view.id]], view.title)),
      row(['/'], 'Search or filter'),
      row(['?'], 'Show this list'),
      row(['Esc'], 'Close this list')));
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // a click outside of the dialog
  };
  dialog.showModal();
}
