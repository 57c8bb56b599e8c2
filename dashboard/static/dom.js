// Creates and updates elements. No function here parses HTML: texts become text nodes, so they cannot run.

const svgNS = 'http://www.w3.org/2000/svg';

// h makes an element. Props are attributes, except for dataset (an object), style (an object, set through the
// CSSOM because the policy forbids the attribute) and handlers such as onclick. h ignores a prop that is
// null, undefined or false.
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  setProps(el, props);
  append(el, children);
  return el;
}

// s makes an SVG element.
export function s(tag, props, ...children) {
  const el = document.createElementNS(svgNS, tag);
  setProps(el, props);
  append(el, children);
  return el;
}

function setProps(el, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(el.dataset, value);
    else if (name === 'style') Object.assign(el.style, value);
    else el.setAttribute(name, value === true ? '' : value);
  }
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) el.append(child);
  }
}

// replace replaces the children of node.
export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

// setText changes the text only if it differs, which keeps selections and saves layout.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// setAttr sets an attribute if it differs, or removes it if value is null, undefined or false.
export function setAttr(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

// show shows or hides a node.
export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

const nodesOf = new WeakMap(); // parent → Map of key → node

// keyed makes the children of parent match items. make(item) returns a new node, and update(node, item)
// refreshes a node. Nodes with the same key are kept, with their focus, selection, scroll position and open
// details. parent must not have other children.
export function keyed(parent, items, keyOf, make, update) {
  let nodes = nodesOf.get(parent);
  if (!nodes) nodesOf.set(parent, (nodes = new Map()));
  const wanted = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!wanted.has(key)) wanted.set(key, item);
  }
  for (const [key, node] of nodes) {
    if (wanted.has(key)) continue;
    node.remove();
    nodes.delete(key);
  }
  let at = parent.firstChild;
  for (const [key, item] of wanted) {
    let node = nodes.get(key);
    if (!node) nodes.set(key, (node = make(item)));
    update?.(node, item);
    if (node === at) {
      at = at.nextSibling;
    } else if (at && at.nextSibling === node) {
      // Probably, the node at this place has moved down. Moving it away is cheaper than moving all nodes that
      // follow.
      move(parent, at, null);
      at = node.nextSibling;
    } else {
      move(parent, node, at);
    }
  }
}

function move(parent, node, before) {
  if (parent.moveBefore && node.parentNode === parent) {
    parent.moveBefore(node, before); // keeps focus and animations
    return;
  }
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  parent.insertBefore(node, before);
  focused?.focus({ preventScroll: true });
}

const nearby = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.setNear(isIntersecting);
}, { rootMargin: '400px' });

// refreshLazily gives node a method refresh(item). It calls draw(item) the first time, and later if the item
// is another object than before. If node is not near the viewport, it calls draw when node comes near. This
// keeps a page with a thousand rows smooth.
export function refreshLazily(node, draw) {
  let near = true;
  let drawn;
  let latest;
  const drawLatest = () => {
    if (latest === drawn) return;
    drawn = latest;
    draw(latest);
  };
  node.refresh = (item) => {
    latest = item;
    if (near || drawn === undefined) drawLatest();
  };
  node.setNear = (isNear) => {
    near = isNear;
    if (near) drawLatest();
  };
  nearby.observe(node);
}

// Paths of icons in a box of 16 by 16, drawn as lines.
const icons = {
  check: 'M3.5 8.5l3 3 6-7',
  alert: 'M8 2.2l6.3 11.3H1.7zM8 6.5v3.2M8 11.5v.1',
  stop: 'M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3zM8 4.8v3.7M8 11v.1',
  open: 'M8 14.2A6.2 6.2 0 1 1 8 1.8a6.2 6.2 0 0 1 0 12.4zM5.5 8h5',
  half: 'M8 14.2A6.2 6.2 0 1 1 8 1.8a6.2 6.2 0 0 1 0 12.4zM8 1.8v12.4',
  cross: 'M4 4l8 8M12 4l-8 8',
  running: 'M14.2 8A6.2 6.2 0 1 1 8 1.8',
  clock: 'M8 14.2A6.2 6.2 0 1 1 8 1.8a6.2 6.2 0 0 1 0 12.4zM8 4.5V8l2.5 1.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M4.5 2.8l8.5 5.2-8.5 5.2z',
  search: 'M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.3 10.3l3.7 3.7',
  sun: 'M8 11a3 3 0 1 1 0-6 3 3 0 0 1 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M3 13l1.1-1.1M11.9 4.1L13 3',
  moon: 'M13.5 9.7A6 6 0 0 1 6.3 2.5a6 6 0 1 0 7.2 7.2z',
  auto: 'M8 14.2A6.2 6.2 0 1 1 8 1.8a6.2 6.2 0 0 1 0 12.4zM8 1.8v12.4M10.5 3v10M12.7 5v6',
  help: 'M8 14.2A6.2 6.2 0 1 1 8 1.8a6.2 6.2 0 0 1 0 12.4zM6.3 6.3a1.7 1.7 0 1 1 2.5 1.5c-.6.3-.8.6-.8 1.2M8 11.2v.1',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  external: 'M9.5 2.5h4v4M13.5 2.5L7.5 8.5M6.5 3.5h-4v10h10v-4',
  up: 'M8 13V3.5M4 7.5l4-4 4 4',
  down: 'M8 3v9.5M4 8.5l4 4 4-4',
  chevron: 'M6 3.5L10.5 8 6 12.5',
  right: 'M3 8h9.5M8.5 4l4 4-4 4',
};

// svgIcon makes a small icon. Screen readers ignore it: put a text beside it, or an aria-label on its button.
export function svgIcon(name) {
  return s('svg', { class: `icon icon-${name}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    s('path', { d: icons[name] ?? '' }));
}

let probe;

// cssColor returns the color of a custom property such as "--accent" in the current theme, for canvases.
// Repaint them after the event themechange of document.
export function cssColor(name) {
  if (!probe) document.body.append((probe = h('span', { class: 'sr', 'aria-hidden': 'true', style: { forcedColorAdjust: 'none' } })));
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

// copyButton makes a button that copies the text that textOf returns.
export function copyButton(textOf, label = 'Copy') {
  const text = h('span', null, label);
  let timer;
  async function copy() {
    clearTimeout(timer);
    setText(text, (await copyText(textOf())) ? 'Copied' : 'Copying failed');
    timer = setTimeout(() => setText(text, label), 2000);
  }
  return h('button', { class: 'btn btn-small', type: 'button', onclick: copy }, svgIcon('copy'), text);
}

// copyText copies a text and reports whether that succeeded. Over plain HTTP, navigator.clipboard exists only
// on localhost.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { class: 'sr', 'aria-hidden': 'true', tabindex: '-1' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

// empty makes the placeholder for a part that has nothing to show: an icon, a title, and advice.
export function empty(icon, title, ...text) {
  return h('div', { class: 'empty' }, svgIcon(icon), h('p', { class: 'empty-title' }, title),
    text.length > 0 && h('p', null, ...text));
}
