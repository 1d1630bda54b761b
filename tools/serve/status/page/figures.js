'use strict';

// What a family or a series comes to: in words, and in a small picture.

class Figures {
  // With `rates`, a counter has a spark line.
  constructor(type, rates) {
    this.type = type;
    this.text = element('span');
    this.note = element('span', {class: 'note muted'});
    this.amount = element('div', {}, this.text, this.note);
    this.drawing = element('div', {class: 'drawing'});
    this.underDrawing = element('span', {class: 'note muted'});
    this.histogram = type === 'histogram' ? new HistogramPicture() : null;
    this.spark = type === 'counter' && rates ? new SparkLine() : null;
    const picture = this.histogram ?? this.spark;
    if (picture !== null) {
      this.drawing.append(picture.node, this.underDrawing);
    }
    this.node = element('td', {},
                        element('div', {class: 'figures'}, this.amount,
                                this.drawing));
  }

  show(figures) {
    const {text, note = '', exact} = this.words(figures);
    setText(this.text, text);
    setText(this.note, note);
    this.amount.title = exact;
    if (this.histogram !== null) this.showBuckets(figures.buckets);
  }

  showBuckets(buckets) {
    this.histogram.show(buckets);
    setText(this.underDrawing, halfText(buckets));
  }

  showRate(points, now) {
    this.spark.show(points, now, RATE_SECONDS);
    const rate = points.at(-1)?.rate ?? null;
    setText(this.underDrawing, rate === null ? '' : `${valueText(rate)}/s`);
  }

  words(figures) {
    if (figures.value !== undefined) {
      const value = toNumber(figures.value);
      return {text: valueText(value), exact: String(value)};
    }
    return this.type === 'gauge' ? rangeWords(figures) : meanWords(figures);
  }
}

function rangeWords({min, max, sum}) {
  if (min === undefined) return {text: '–', exact: 'no series'};
  const [least, most] = [toNumber(min), toNumber(max)];
  const exact = `least ${least}, most ${most}, sum ${toNumber(sum)}`;
  if (Object.is(least, most)) return {text: valueText(least), exact};
  return {
    text: `${valueText(least)} to ${valueText(most)}`,
    note: `sum ${valueText(toNumber(sum))}`,
    exact,
  };
}

function meanWords(figures) {
  const count = toNumber(figures.count);
  const sum = toNumber(figures.sum);
  return {
    text: valueText(count),
    note: count > 0 ? `mean ${valueText(sum / count)}` : 'no observations',
    exact: `count ${count}, sum ${sum}`,
  };
}
