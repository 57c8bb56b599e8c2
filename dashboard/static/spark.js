// Sparklines of durations: a bar for each run, and a line for the deadline.

import { s, setAttr } from './dom.js';
import { duration, plural } from './format.js';

const width = 120;
const height = 24;
const fewest = 20; // least number of slots, so that the bars of a few runs are not wide blocks

// Spark is a sparkline. It has three paths, regardless of the number of runs, because a page may have a
// thousand sparklines.
export class Spark {
  constructor() {
    this.good = s('path', { class: 'spark-good' });
    this.failed = s('path', { class: 'spark-failed' });
    this.deadline = s('path', { class: 'spark-deadline', 'vector-effect': 'non-scaling-stroke' });
    this.el = s('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img' },
      this.good, this.failed, this.deadline);
  }

  // set shows runs, as in api.Run, oldest first. It draws the deadline if it is at most five times the
  // longest run.
  set(runs = [], deadline = 0) {
    const longest = runs.reduce((max, run) => Math.max(max, run.ms), 0);
    const near = deadline > 0 && deadline <= 5 * longest;
    const top = near ? Math.max(longest, deadline * 1.1) : longest;
    const slot = width / Math.max(fewest, runs.length);
    const first = width - runs.length * slot;
    let good = '';
    let failed = '';
    runs.forEach((run, i) => {
      const tall = top > 0 ? Math.max(1, (run.ms / top) * height) : 1;
      const bar = `M${(first + i * slot).toFixed(1)} ${height}v${(-tall).toFixed(1)}h${(slot * 0.72).toFixed(1)}V${height}z`;
      if (run.failed) failed += bar;
      else good += bar;
    });
    setAttr(this.good, 'd', good);
    setAttr(this.failed, 'd', failed);
    setAttr(this.deadline, 'd', near ? `M0 ${(height - (deadline / top) * height).toFixed(1)}H${width}` : '');
    setAttr(this.el, 'aria-label', summary(runs, deadline));
  }
}

function summary(runs, deadline) {
  if (runs.length === 0) return 'No runs seen yet';
  const all = runs.map((run) => run.ms);
  const failed = runs.filter((run) => run.failed).length;
  const parts = [
    `${plural(runs.length, 'run')}: ${duration(Math.min(...all))} to ${duration(Math.max(...all))}, last ${duration(all.at(-1))}`,
    failed > 0 && `${failed} failed`,
    deadline > 0 && `deadline ${duration(deadline)}`,
  ];
  return parts.filter(Boolean).join('; ');
}
