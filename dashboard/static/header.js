// The head of the page: title, tabs, connection, totals and tools.

import { h, replace, setAttr, setText, show, svgIcon } from './dom.js';
import { clock, count, plural, span } from './format.js';
import { showHelp } from './keys.js';

const themes = ['auto', 'light', 'dark'];
const themeIcons = { auto: 'auto', light: 'sun', dark: 'moon' };
const slow = 10000; // milliseconds after which a sample is old
const reconnectGrace = 1500; // milliseconds for which the header ignores that the stream is reconnecting

// Header shows and updates the head of the page.
export class Header {
  constructor({ views, ctx, pause, retry }) {
    this.ctx = ctx;
    this.views = views;
    this.view = views[0];
    this.program = '';
    this.problems = null;
    this.sampled = NaN; // time of the last sample
    this.paused = false;
    this.status = { state: 'connecting', last: 0, retryAt: 0 };
    this.lost = false;
    this.lastLive = Date.now();
    this.makeBrand();
    this.makeTabs();
    this.makeTotals();
    this.makeTools(pause);
    this.makeNotice(retry);
  }

  makeBrand() {
    this.title = h('span', { class: 'brand-name' }, 'Metrics');
    replace(document.getElementById('brand'), this.title);
  }

  makeTabs() {
    this.tabs = this.views.map((view) => h('a', { class: 'tab', href: `?view=${view.id}` }, view.title));
    replace(document.getElementById('tabs'), this.tabs);
  }

  makeTotals() {
    this.live = h('span', { class: 'live' }, h('span', { class: 'dot' }), (this.liveText = h('span', null, 'connecting')),
      (this.liveSince = h('span', { class: 'live-since' })));
    this.series = h('span', { class: 'total' });
    this.badge = h('a', { class: 'badge', href: '?view=collectors', hidden: true });
    replace(document.getElementById('totals'), this.badge, this.series, this.live);
  }

  makeTools(pause) {
    this.pauseButton = h('button', { class: 'btn btn-icon', type: 'button', onclick: () => this.togglePause() });
    this.pause = pause;
    this.labelPause();
    this.themeButton = h('button', { class: 'btn btn-icon', type: 'button', onclick: () => {
      const next = themes[(themes.indexOf(window.pageTheme.get()) + 1) % themes.length];
      window.pageTheme.set(next);
      this.labelTheme();
    } });
    this.labelTheme();
    const help = h('button', {
      class: 'btn btn-icon tool-help', type: 'button', 'aria-label': 'Keyboard shortcuts', title: 'Keyboard shortcuts (?)',
      onclick: () => showHelp(this.views),
    }, svgIcon('help'));
    replace(document.getElementById('tools'), this.pauseButton, this.themeButton, help);
  }

  togglePause() {
    this.paused = !this.paused;
    this.pause(this.paused);
    this.labelPause();
  }

  labelPause() {
    const label = this.paused ? 'Resume updates' : 'Pause updates';
    labelButton(this.pauseButton, label, this.paused ? 'play' : 'pause');
  }

  labelTheme() {
    const theme = window.pageTheme.get();
    labelButton(this.themeButton, `Theme: ${theme}`, themeIcons[theme]);
  }

  makeNotice(retry) {
    this.noticeIcon = h('span', { class: 'notice-icon' });
    this.noticeText = h('span');
    this.noticeButton = h('button', { class: 'btn btn-small', type: 'button', onclick: () => (this.paused ? this.togglePause() : retry()) });
    this.notice = document.getElementById('notice');
    replace(this.notice, this.noticeIcon, this.noticeText, this.noticeButton);
  }

  setHello(hello) {
    this.program = hello.program;
    setText(this.title, hello.program || 'Metrics');
    this.title.title = hello.program;
    this.setDocumentTitle();
  }

  setTick(tick) {
    setText(this.series, plural(tick.series, 'series', 'series'));
    this.series.title = `${plural(tick.families, 'family', 'families')}, sampled at ${clock(tick.t)}`;
    this.sampled = tick.t || NaN;
    this.refresh();
    this.setProblems(tick.problems);
  }

  setProblems(problems) {
    if (problems === this.problems) return;
    const first = this.problems === null;
    this.problems = problems;
    const text = problems === 0 ? 'No problems' : plural(problems, 'problem');
    replace(this.badge, svgIcon(problems === 0 ? 'check' : 'alert'), h('span', null, text));
    setAttr(this.badge, 'class', problems === 0 ? 'badge badge-ok' : 'badge badge-bad');
    show(this.badge, true);
    if (!first || problems > 0) announce(text);
    this.setDocumentTitle();
  }

  setView(view) {
    this.view = view;
    this.views.forEach((each, i) => setAttr(this.tabs[i], 'aria-current', each === view && 'page'));
    this.setDocumentTitle();
  }

  setDocumentTitle() {
    const problems = this.problems > 0 ? `(${count(this.problems)}) ` : '';
    const title = `${problems}${this.program || 'Metrics'} – ${this.view.title}`;
    if (document.title !== title) document.title = title;
  }

  setConnection(status) {
    this.status = status;
    if (status.state === 'live') this.lastLive = Date.now();
    this.announceLoss(status);
    this.refresh();
  }

  // announceLoss announces once to screen readers that the connection was lost, or is back.
  announceLoss({ state }) {
    const lost = state === 'lost' || (this.lost && state !== 'live');
    if (lost !== this.lost) announce(lost ? 'Connection lost' : 'Connected again');
    this.lost = lost;
  }

  // isLive reports whether the page shows the present. If not, its clocks stand still.
  get isLive() {
    return this.status.state === 'live' || (this.status.state === 'connecting' && this.status.last > 0);
  }

  // refresh updates the state of the connection and the countdown to the next attempt.
  refresh() {
    const { state, last, retryAt } = this.status;
    // Changing the view opens a new stream. The header must not flicker then.
    if (state === 'connecting' && last > 0 && Date.now() - this.lastLive < reconnectGrace) return;
    setAttr(this.live, 'class', `live live-${state}`);
    setText(this.liveText, state);
    setText(this.liveSince, this.sinceText(state, last));
    this.showNotice(state, last, retryAt);
  }

  // sinceText returns since when the connection has been lost or, if slow collectors delay the next sample,
  // the age of the last one.
  sinceText(state, last) {
    if (state === 'lost' && last > 0) return `since ${clock(last)}`;
    const old = this.ctx.now() - this.sampled;
    return state === 'live' && old > slow ? `sampled ${span(old)} ago` : '';
  }

  showNotice(state, last, retryAt) {
    const from = last > 0 ? ` The data is from ${clock(last)}.` : '';
    if (state === 'lost') {
      const seconds = Math.ceil((retryAt - Date.now()) / 1000);
      const next = seconds > 0 ? `trying again in ${seconds} s.` : 'trying again…';
      setText(this.noticeText, `${last > 0 ? 'Connection lost' : 'No connection'} – ${next}${from}`);
    } else if (state === 'paused') {
      setText(this.noticeText, `Paused.${from}`);
    }
    setText(this.noticeButton, state === 'lost' ? 'Try now' : 'Resume');
    if (this.notice.dataset.state !== state) replace(this.noticeIcon, svgIcon(state === 'lost' ? 'alert' : 'pause'));
    this.notice.dataset.state = state;
    show(this.notice, state === 'lost' || (state === 'paused' && this.paused));
  }
}

// announce makes screen readers say a text when they are idle.
function announce(text) {
  setText(document.getElementById('announce'), text);
}

function labelButton(button, label, icon) {
  setAttr(button, 'aria-label', label);
  button.title = label;
  replace(button, svgIcon(icon));
}
