'use strict';

// The series of one family, below its row.

const SERIES_A_PAGE = 50;

// {name="value", ...} with the escapes of an exposition.
function labelNodes(labels) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return [element('em', {}, 'no labels')];
  return entries.flatMap(([name, value], i) => {
    const key = element('span', {class: 'label'});
    showData(key, name);
    const text = element('span');
    showData(text,
             value.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
    const separator = i + 1 < entries.length ? '", ' : '"';
    return [key, '="', text, separator];
  });
}

class SeriesTable {
  constructor(type, changed) {
    this.type = type;
    this.body = element('tbody');
    this.rows = [];
    this.pager = new Pager('Pages of series', SERIES_A_PAGE, changed);
    this.trouble = element('p', {class: 'bad'});
    this.trouble.hidden = true;
    this.empty = element('p', {class: 'muted'}, 'Loading…');
    const head = element(
        'thead', {},
        element('tr', {},
                element('th', {scope: 'col'}, 'Labels'),
                element('th', {scope: 'col', class: 'number'},
                        element('span', {class: 'amounts'}, 'Value'))));
    this.table = element('table', {class: 'series'}, head, this.body);
    this.table.hidden = true;
    this.node = element('div', {}, this.trouble, this.empty, this.table,
                        this.pager.node);
  }

  // False when another page has to be asked for.
  show({series, matched}) {
    this.trouble.hidden = true;
    this.table.hidden = matched === 0;
    showText(this.empty, matched === 0 ? 'No series matches the filter.' : '');
    this.rows.length = Math.min(this.rows.length, series.length);
    series.forEach((one, i) => {
      const key = JSON.stringify(one.labels);
      if (this.rows[i]?.key !== key) {
        this.rows[i] = new SeriesRow(key, one.labels, this.type);
      }
      this.rows[i].show(one);
    });
    setChildren(this.body, this.rows.map(({node}) => node));
    return this.pager.show(matched);
  }
}

class SeriesRow {
  constructor(key, labels, type) {
    this.key = key;
    this.figures = new Figures(type, false);
    this.node = element('tr', {},
                        element('th', {scope: 'row', class: 'data labels'},
                                ...labelNodes(labels)),
                        this.figures.node);
  }

  show(series) {
    this.figures.show(series);
  }
}
