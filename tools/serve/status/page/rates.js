'use strict';

// How fast counters have grown while the page is open.

const RATE_SECONDS = 120;
const SHORTEST_STEP_SECONDS = 1;
const LONGEST_STEP_SECONDS = 20;
const MOST_RATES = 1000;

class Rates {
  constructor() {
    this.histories = new Map();
  }

  // A counter's value at a time of the server's clock. A value that has fallen
  // tells no rate, for nobody knows how far it had come, nor does one that came
  // too long after the last. What comes too soon is not counted.
  add(name, time, value) {
    let history = this.histories.get(name);
    if (history === undefined) {
      history = {points: []};
      this.histories.set(name, history);
      this.forgetOldest();
    }
    const step = time - history.time;
    if (step < SHORTEST_STEP_SECONDS) return;
    if (history.time !== undefined) {
      const known = step <= LONGEST_STEP_SECONDS && value >= history.value;
      const rate = (value - history.value) / step;
      history.points.push(
          {time, rate: known && Number.isFinite(rate) ? rate : null});
      history.points =
          history.points.filter((point) => point.time > time - RATE_SECONDS);
    }
    history.time = time;
    history.value = value;
  }

  points(name) {
    return this.histories.get(name)?.points ?? [];
  }

  forgetOldest() {
    if (this.histories.size <= MOST_RATES) return;
    this.histories.delete(this.histories.keys().next().value);
  }
}
