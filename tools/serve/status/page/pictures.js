'use strict';

// Small pictures of numbers.

const PICTURE_WIDTH = 120;
const PICTURE_HEIGHT = 24;

function emptyPicture(name) {
  return svgElement('svg', {
    class: `picture ${name}`,
    viewBox: `0 0 ${PICTURE_WIDTH} ${PICTURE_HEIGHT}`,
    role: 'img',
  });
}

function describe(picture, text) {
  if (picture.getAttribute('aria-label') !== text) {
    picture.setAttribute('aria-label', text);
  }
}

// How many observations each bucket has to itself.
function bucketCounts(buckets) {
  let below = 0;
  return buckets.map(({le, count}) => {
    const upTo = toNumber(count);
    const own = Math.max(0, upTo - below) || 0;
    below = upTo;
    return {le, own};
  });
}

// The lowest bound that has this part of all observations at or below it.
function boundOfPart(buckets, part) {
  const all = toNumber(buckets.at(-1)?.count ?? 0);
  if (!(all > 0)) return null;
  return buckets.find(({count}) => toNumber(count) >= part * all)?.le ?? null;
}

// Which bound parts the observations in two halves, as far as one can tell.
function halfText(buckets) {
  const bound = boundOfPart(buckets, 0.5);
  if (bound === null) return '';
  const highest = buckets.at(-2)?.le;
  return bound === '+Inf' && highest !== undefined ? `half > ${highest}` :
                                                     `half ≤ ${bound}`;
}

// A bar for each bucket, as wide as the others whatever its bounds.
class HistogramPicture {
  constructor() {
    this.node = emptyPicture('histogram');
  }

  show(buckets) {
    const counts = bucketCounts(buckets);
    const most = Math.max(...counts.map(({own}) => own), 0);
    const width = PICTURE_WIDTH / Math.max(counts.length, 1);
    this.node.replaceChildren(...counts.map(({le, own}, i) => {
      // What was observed at all stays visible.
      const part = own > 0 ? Math.max(own / most, 0.06) : 0;
      const height = part * (PICTURE_HEIGHT - 1) + 0.75;
      const bar = svgElement('rect', {
        x: (i * width).toFixed(2),
        y: (PICTURE_HEIGHT - height).toFixed(2),
        width: Math.max(width - 1, width / 2).toFixed(2),
        height: height.toFixed(2),
        class: own > 0 ? 'bar' : 'no-bar',
      });
      const title = svgElement('title');
      title.textContent = `${countText(own)} up to ${le}`;
      bar.append(title);
      return bar;
    }));
    describe(this.node, halfText(buckets) === '' ?
        'Histogram without observations' :
        `Histogram: ${halfText(buckets)}, 95 % ≤ ${
            boundOfPart(buckets, 0.95)}`);
  }
}

// A line through rates, broken where none is known.
class SparkLine {
  constructor() {
    this.line = svgElement('path', {class: 'line'});
    this.area = svgElement('path', {class: 'area'});
    this.node = emptyPicture('spark');
    this.node.append(this.area, this.line);
  }

  // The line grows until it shows `longest` seconds, then it moves on.
  show(points, end, longest) {
    const begun = points.length > 0 ? end - points[0].time : 0;
    const seconds = Math.min(Math.max(begun, longest / 4), longest);
    const most = Math.max(...points.map(({rate}) => rate ?? 0), 0);
    const x = ({time}) => PICTURE_WIDTH * (1 - (end - time) / seconds);
    const y = ({rate}) =>
        (PICTURE_HEIGHT - 1.5) - (most > 0 ? rate / most : 0) *
        (PICTURE_HEIGHT - 3);
    let line = '';
    let area = '';
    for (const run of unbrokenRuns(points)) {
      const way = run.map((point) =>
          `${x(point).toFixed(2)} ${y(point).toFixed(2)}`).join('L');
      // A run of one point is a dot: a line to itself, with round ends.
      line += `M${way}${run.length === 1 ? 'h0' : ''}`;
      area += `M${x(run[0]).toFixed(2)} ${PICTURE_HEIGHT}L${way}L${
          x(run.at(-1)).toFixed(2)} ${PICTURE_HEIGHT}Z`;
    }
    this.line.setAttribute('d', line);
    this.area.setAttribute('d', area);
    const rate = points.at(-1)?.rate ?? null;
    describe(this.node, rate === null ?
        'Rate not known yet' :
        `Rate of the last ${durationText(seconds)}: now ${
            valueText(rate)} per second, at most ${valueText(most)}`);
  }
}

function unbrokenRuns(points) {
  const runs = [[]];
  for (const point of points) {
    if (point.rate === null) {
      runs.push([]);
    } else {
      runs.at(-1).push(point);
    }
  }
  return runs.filter((run) => run.length > 0);
}
