'use strict';

// The choice of a directory, and what one comes to.

// What stands for all directories together where one is named.
const TOGETHER = '';

function processesText({alive, dead, unknown}) {
  return [[alive, 'alive'], [dead, 'dead'], [unknown, 'unknown']]
      .filter(([count, state]) => count > 0 || state === 'alive')
      .map(([count, state]) => `${countText(count)} ${state}`)
      .join(', ');
}

// A row a directory, and one for all together; each name is a button.
class DirectoryTable {
  constructor(section, chosen) {
    this.section = section;
    this.body = section.querySelector('tbody');
    this.chosen = chosen;
    this.rows = new Map();
  }

  show(directories, current) {
    this.section.hidden = directories.length < 2;
    const names = [TOGETHER, ...directories.map(({name}) => name)];
    for (const name of this.rows.keys()) {
      if (!names.includes(name)) this.rows.delete(name);
    }
    setChildren(this.body, names.map((name) => this.row(name).node));
    for (const directory of directories) this.showOne(directory);
    for (const [name, {button}] of this.rows) {
      button.setAttribute('aria-pressed', String(name === current));
    }
  }

  showOne(directory) {
    const row = this.rows.get(directory.name);
    if (row === undefined) return;
    const [series, files, bytes, processes, issues] = row.cells;
    if (directory.error !== undefined) {
      [series, files, bytes, issues].forEach((cell) => setText(cell, '–'));
      setText(processes, 'cannot be read');
      return;
    }
    setText(series, countText(directory.series));
    setText(files, countText(directory.files));
    setText(bytes, bytesText(directory.bytes));
    setText(processes, processesText(directory.process_counts));
    setText(issues, countText(directory.issue_count));
    issues.classList.toggle('bad', directory.issue_count > 0);
  }

  row(name) {
    if (this.rows.has(name)) return this.rows.get(name);
    const button = element('button', {type: 'button', class: 'choice data'});
    showData(button, name === TOGETHER ? 'all together' : name, 80);
    button.addEventListener('click', () => this.chosen(name));
    const cells = ['number', 'number wide', 'number wide', '', 'number']
        .map((style) => element('td', {class: style}));
    const node = element('tr', {},
                         element('th', {scope: 'row'}, button), ...cells);
    const row = {button, cells, node};
    this.rows.set(name, row);
    return row;
  }
}

// The figures of one directory, and its issues.
class Summary {
  constructor(section, issues) {
    this.section = section;
    this.issues = issues;
    this.title = section.querySelector('h2');
    this.path = section.querySelector('#path');
    this.trouble = section.querySelector('#trouble');
    this.list = section.querySelector('dl');
    this.figures = new Map();
  }

  hide() {
    this.section.hidden = true;
    this.issues.hidden = true;
  }

  showNothing() {
    this.section.hidden = false;
    this.issues.hidden = true;
    this.list.hidden = true;
    setText(this.title, 'No directory');
    setText(this.path, 'What promshm-serve was given names none now.');
    this.trouble.hidden = true;
  }

  show(directory) {
    this.section.hidden = false;
    showData(this.title, directory.name);
    showData(this.path, directory.path);
    showText(this.trouble, directory.error && printable(directory.error));
    this.list.hidden = directory.error !== undefined;
    this.showIssues(directory);
    if (directory.error === undefined) this.showFigures(directory);
  }

  showFigures(directory) {
    const {merged, process_counts: counts, filesystem} = directory;
    this.figure('Series', countText(directory.series),
                directory.families === 1 ?
                    '1 family' : `${countText(directory.families)} families`);
    this.figure('Files', countText(directory.files),
                merged.files > 0 ? `${countText(merged.files)} merged` : '');
    this.figure('Entries', countText(directory.entries));
    this.figure('Bytes', bytesText(directory.bytes),
                merged.bytes > 0 ? `${bytesText(merged.bytes)} merged` : '');
    this.figure('Processes alive', countText(counts.alive),
                `${countText(counts.dead)} dead, ${
                    countText(counts.unknown)} unknown`);
    if (filesystem === null) {
      this.figure('File system', '–', 'not known');
      return;
    }
    const used = filesystem.size - filesystem.available;
    this.figure('File system', percentText(used, filesystem.size),
                `used, ${bytesText(filesystem.available)} free`);
  }

  figure(name, value, note = '') {
    let figure = this.figures.get(name);
    if (figure === undefined) {
      figure = {
        value: element('dd'),
        note: element('dd', {class: 'muted'}),
      };
      this.list.append(element('div', {}, element('dt', {}, name),
                               figure.value, figure.note));
      this.figures.set(name, figure);
    }
    setText(figure.value, value);
    setText(figure.note, note);
  }

  showIssues({issues = [], issue_count: count = 0}) {
    this.issues.hidden = count === 0;
    const list = this.issues.querySelector('ul');
    const shown = issues.map(printable);
    const before = [...list.children].map((item) => item.textContent);
    if (shown.join('\n') !== before.join('\n')) {
      list.replaceChildren(...shown.map(
          (text) => element('li', {class: 'data'}, text)));
    }
    const more = count - issues.length;
    showText(this.issues.querySelector('#more-issues'),
             more > 0 ? `and ${countText(more)} more` : '');
  }
}
