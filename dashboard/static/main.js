// The page: it finds the view in the URL, mounts it, and passes it the events of the stream.

import { empty, h, replace } from './dom.js';
import { getJSON, postJSON } from './request.js';
import { connect } from './stream.js';
import { now, refreshTimes, setServerTime } from './times.js';
import { Header } from './header.js';
import { listenToKeys } from './keys.js';
import { view as collectors } from './collectors.js';
import { view as metrics } from './metrics.js';
import { view as cardinality } from './cardinality.js';
import { view as history } from './history.js';

// A view is {id, title, mount(root, ctx), update(event, data), unmount()}, and, if it can follow a change of the
// other parameters without being mounted again, navigate(ctx). mount may be called again after unmount.
const views = [collectors, metrics, cardinality, history];

const root = document.getElementById('view');
const heading = document.getElementById('heading');
let current = null; // The mounted view.
let plots = [];
let aborter = new AbortController();

// ctx is the part of the page that views may use.
const ctx = {
  params: new URLSearchParams(),
  hello: null, // The last event of this name; null before the first.
  tick: null, // Ditto.
  now, // The server's time.

  // go changes parameters of the URL (null removes one) and shows what it then says. Changing the view drops the others.
  go(changes, { replace: inPlace = false } = {}) {
    const url = ctx.href(changes);
    if (inPlace) window.history.replaceState(null, '', url);
    else window.history.pushState(null, '', url);
    route();
  },

  // href returns the URL that go(changes) leads to, for links.
  href(changes) {
    const keep = !changes.view || changes.view === current?.id;
    const params = new URLSearchParams(keep ? ctx.params : undefined);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === '') params.delete(name);
      else params.set(name, value);
    }
    return `?${params}`;
  },

  // getJSON fetches an answer of the server. It returns null if a newer request to the same path, or leaving the
  // view, has overtaken it; other failures throw an Error with a text for readers.
  getJSON: (path, params) => getJSON(path, params, aborter.signal),
  postJSON: (path, params) => postJSON(path, params, aborter.signal),

  // plots sets what the stream plots; the events named plot have the index of their spec as ID.
  plots(specs) {
    plots = specs;
    stream.change({ view: current.id, plots });
  },
};

const header = new Header({
  views,
  ctx,
  pause: (paused) => (paused ? stream.pause() : stream.resume()),
  retry: () => stream.retry(),
});

const stream = connect({ view: wantedView().id, plots }, {
  state: (status) => header.setConnection(status),
  hello(data) {
    ctx.hello = data;
    setServerTime(data.now);
    header.setHello(data);
    pass('hello', data);
  },
  tick(data) {
    ctx.tick = data;
    setServerTime(data.now || data.t);
    header.setTick(data);
    pass('tick', data);
  },
  collectors: (data) => pass('collectors', data),
  plot: (data) => pass('plot', data),
});

function wantedView() {
  const id = new URLSearchParams(location.search).get('view');
  return views.find((view) => view.id === id) ?? views[0];
}

// route shows what the URL says.
function route() {
  ctx.params = new URLSearchParams(location.search);
  const next = wantedView();
  if (next === current && current.navigate) {
    guard(() => current.navigate(ctx));
    header.setView(current);
    return;
  }
  leave();
  current = next;
  plots = [];
  header.setView(current);
  replace(root);
  heading.textContent = current.title;
  guard(() => current.mount(root, ctx));
  stream.change({ view: current.id, plots });
}

function leave() {
  if (!current) return;
  aborter.abort();
  aborter = new AbortController();
  guard(() => current.unmount());
}

// pass hands an event to the view. An event that arrives before the first view is mounted is in ctx.
function pass(event, data) {
  if (current) guard(() => current.update(event, data));
}

// guard keeps a fault in one view from stopping the page.
function guard(run) {
  try {
    run();
  } catch (err) {
    console.error(err);
    replace(root, empty('alert', 'This view failed', h('span', null, String(err?.message ?? err)), ' Reload the page to try again.'));
  }
}

// followLinks makes links to views change the page in place. Clicks that ask for a new tab or window are left alone.
function followLinks(event) {
  const link = event.target.closest?.('a[href^="?"]');
  if (!link || event.defaultPrevented || event.button !== 0 || link.target) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (link.search !== location.search) window.history.pushState(null, '', link.href);
  const before = current;
  route();
  if (current !== before) window.scrollTo(0, 0);
}

document.addEventListener('click', followLinks);
window.addEventListener('popstate', route);
listenToKeys(views, ctx);
setInterval(() => {
  if (document.hidden) return;
  if (header.isLive) refreshTimes();
  header.refresh();
}, 1000);
route();
