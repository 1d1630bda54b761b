'use strict';

// The families of a directory: what each comes to and, opened, its series.

const FAMILIES_A_PAGE = 50;

class FamilyTable {
  constructor(section, changed) {
    this.section = section;
    this.table = section.querySelector('table');
    this.head = this.table.tHead;
    this.empty = section.querySelector('.empty');
    this.trouble = section.querySelector('#families-trouble');
    this.changed = changed;
    this.rates = new Rates();
    this.rows = new Map();
    this.pager = new Pager('Pages of families', FAMILIES_A_PAGE, changed);
    section.append(this.pager.node);
  }

  // Begins anew, for another directory.
  reset() {
    this.rates = new Rates();
    this.rows.clear();
    this.pager.offset = 0;
  }

  // Goes to the first pages, for another filter.
  goToBegin() {
    this.pager.offset = 0;
    for (const {series} of this.rows.values()) {
      if (series !== null) series.pager.offset = 0;
    }
  }

  parameters() {
    return {offset: this.pager.offset, limit: this.pager.limit};
  }

  // False when another page has to be asked for.
  show({now, families, matched, total}, path) {
    this.section.hidden = false;
    this.trouble.hidden = true;
    this.table.hidden = matched === 0;
    showText(this.empty, matched > 0 ? '' :
        total === 0 ? 'Nothing has been counted here yet.' :
                      'No family matches the filter.');
    const names = new Set(families.map(({name}) => name));
    for (const [name, row] of this.rows) {
      if (!names.has(name)) this.rows.delete(name);
    }
    const rows = families.map((family) => this.row(family, path));
    families.forEach((family, i) => {
      if (family.type === 'counter') {
        this.rates.add(family.name, now, toNumber(family.value));
      }
      rows[i].show(family, this.rates.points(family.name), now);
    });
    setChildren(this.table, [this.head, ...rows.map(({node}) => node)]);
    return this.pager.show(matched);
  }

  showTrouble(text) {
    this.section.hidden = false;
    this.table.hidden = true;
    this.empty.hidden = true;
    this.pager.node.hidden = true;
    showText(this.trouble, printable(text));
  }

  row(family, path) {
    const known = this.rows.get(family.name);
    if (known !== undefined && known.type === family.type) return known;
    const row = new FamilyRow(family, path, this.changed);
    this.rows.set(family.name, row);
    return row;
  }

  // The opened families that a reader sees, and those that show nothing yet.
  openRows() {
    return [...this.rows.values()].filter(
        (row) => row.series !== null &&
            (row.series.table.hidden || isInView(row.node)));
  }
}

// A table body of two rows: the family, and its series once it is opened.
class FamilyRow {
  constructor(family, path, changed) {
    this.name = family.name;
    this.type = family.type;
    this.links = path;
    this.changed = changed;
    this.series = null;
    this.button = element('button', {
      type: 'button',
      class: 'family data',
      'aria-expanded': 'false',
    });
    showData(this.button, family.exposed_name, 150);
    this.button.addEventListener('click', () => this.toggle());
    this.help = element('span', {class: 'help data muted'});
    this.shortKind = element('span', {class: 'narrow note muted'});
    this.kind = element('td', {class: 'wide'});
    this.seriesCount = element('td', {class: 'number wide'});
    this.processes = element('td', {class: 'number wide'});
    this.figures = new Figures(family.type, true);
    this.node = element(
        'tbody', {},
        element('tr', {},
                element('th', {scope: 'row'}, this.button, this.help,
                        this.shortKind),
                this.kind, this.seriesCount, this.processes,
                this.figures.node));
  }

  show(family, points, now) {
    const kind = family.mode ? `${family.type}, ${family.mode}` : family.type;
    showData(this.help, family.help, 300);
    setText(this.kind, kind);
    setText(this.seriesCount, countText(family.series));
    setText(this.processes, countText(family.processes));
    setText(this.shortKind, `${kind}, ${countText(family.series)} series`);
    this.figures.show(family);
    if (this.type === 'counter') this.figures.showRate(points, now);
  }

  toggle() {
    const open = this.series === null;
    this.button.setAttribute('aria-expanded', String(open));
    if (open) {
      this.series = new SeriesTable(this.type, this.changed);
      const cell = element('td', {colspan: '5'}, this.series.node,
                           this.linkList());
      this.opened = element('tr', {class: 'opened'}, cell);
      this.node.append(this.opened);
    } else {
      this.opened.remove();
      this.series = null;
    }
    this.changed();
  }

  linkList() {
    const links = this.links(this.name).map(
        ([text, target]) => element('a', {href: target}, text));
    return element('p', {class: 'links'}, ...links);
  }
}
