// The page: finds the view in the URL, mounts it, and passes it the events of the stream.

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

// A view is {id, title, mount(root, ctx), update(event, data), unmount()}. It also has navigate(ctx) if it
// can apply a change of its parameters without being mounted again. mount may be called again after unmount.
const views = [collectors, metrics, cardinality, history];

const root = document.getElementById('view');
const heading = document.getElementById('heading');
let current = null; // the mounted view
let plots = [];
let aborter = new AbortController();

// ctx is the interface of the page for views.
const ctx = {
  params: new URLSearchParams(),
  hello: null, // the last event with this name; null before the first
  tick: null, // the last event with this name; null before the first
  now, // returns the server's time

  // go changes parameters of the URL (null removes one) and shows the result. Changing the view drops the
  // other parameters.
  go(changes, { replace: inPlace = false } = {}) {
    const url = ctx.href(changes);
    if (inPlace) window.history.replaceState(null, '', url);
    else window.history.pushState(null, '', url);
    route();
  },

  // href returns the URL to which go(changes) leads, for links.
  href(changes) {
    const keep = !changes.view || changes.view === current?.id;
    const params = new URLSearchParams(keep ? ctx.params : undefined);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === '') params.delete(name);
      else params.set(name, value);
    }
    return `?${params}`;
  },

  // getJSON fetches an answer of the server. It returns null if a newer request to the same path has replaced
  // the request, or the reader has left the view. For other failures, it throws an Error with a text for
  // readers.
  getJSON: (path, params) => getJSON(path, params, aborter.signal),
  postJSON: (path, params) => postJSON(path, params, aborter.signal),

  // plots sets the plots of the stream. The ID of an event named plot is the index of its spec.
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

// route shows the view that the URL describes.
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

// pass passes an event to the view. Before the first view is mounted, events are only kept in ctx.
function pass(event, data) {
  if (current) guard(() => current.update(event, data));
}

// guard runs a function of a view. If it throws an error, the page goes on.
function guard(run) {
  try {
    run();
  } catch (err) {
    console.error(err);
    replace(root, empty('alert', 'This view failed', h('span', null, String(err?.message ?? err)), ' Reload the page to try again.'));
  }
}

// followLinks changes the page in place when a link to a view is clicked, unless the click asks for a new tab
// or window.
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
