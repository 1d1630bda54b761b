'use strict';

// Who wrote the files of a directory.

const PROCESSES_A_PAGE = 10;

class ProcessTable {
  constructor(section, changed) {
    this.section = section;
    this.body = section.querySelector('tbody');
    this.table = section.querySelector('table');
    this.empty = section.querySelector('.empty');
    this.sort = 'identifier';
    this.order = 'asc';
    this.rows = new Map();
    this.pager = new Pager('Pages of processes', PROCESSES_A_PAGE, changed);
    section.append(this.pager.node);
    this.headers = [...section.querySelectorAll('th[data-sort]')];
    this.headers.forEach((header) => this.makeSortable(header, changed));
    this.markOrder();
  }

  parameters() {
    return {
      offset: this.pager.offset,
      limit: this.pager.limit,
      sort: this.sort,
      order: this.order,
    };
  }

  makeSortable(header, changed) {
    const button = element('button', {type: 'button', class: 'sort'},
                           header.textContent);
    header.replaceChildren(button);
    const key = header.dataset.sort;
    button.addEventListener('click', () => {
      // What is large is looked for first.
      const first = header.classList.contains('number') ? 'desc' : 'asc';
      const other = {asc: 'desc', desc: 'asc'}[this.order];
      this.order = this.sort === key ? other : first;
      this.sort = key;
      this.pager.offset = 0;
      this.markOrder();
      changed();
    });
  }

  markOrder() {
    for (const header of this.headers) {
      if (header.dataset.sort === this.sort) {
        header.setAttribute('aria-sort', `${this.order}ending`);
      } else {
        header.removeAttribute('aria-sort');
      }
    }
  }

  // False when another page has to be asked for.
  show({processes, process_counts: counts}) {
    const all = counts.alive + counts.dead + counts.unknown;
    this.section.hidden = false;
    this.table.hidden = all === 0;
    this.empty.hidden = all > 0;
    const identifiers = new Set(processes.map((p) => p.identifier));
    for (const identifier of this.rows.keys()) {
      if (!identifiers.has(identifier)) this.rows.delete(identifier);
    }
    setChildren(this.body, processes.map((process) => this.row(process)));
    return this.pager.show(all);
  }

  row(process) {
    const {identifier} = process;
    if (!this.rows.has(identifier)) {
      this.rows.set(identifier, new ProcessRow(identifier));
    }
    const row = this.rows.get(identifier);
    row.show(process);
    return row.node;
  }
}

class ProcessRow {
  constructor(identifier) {
    const name = element('span', {class: 'data'});
    showData(name, identifier, 100);
    this.shortCommand = element('span', {class: 'data command narrow muted'});
    this.state = element('span');
    this.evidence = element('span', {class: 'note muted'});
    this.command = element('td', {class: 'data command wide'});
    this.since = element('td', {class: 'wide'});
    this.files = element('td', {class: 'number wide'});
    this.bytes = element('td', {class: 'number'});
    this.series = element('td', {class: 'number'});
    this.node = element(
        'tr', {},
        element('th', {scope: 'row'}, name, this.shortCommand),
        element('td', {}, this.state, this.evidence),
        this.command, this.since, this.files, this.bytes, this.series);
  }

  show(process) {
    this.state.className = `state ${process.liveness}`;
    setText(this.state, process.liveness);
    setText(this.evidence, process.evidence);
    // Where nobody knows it, a process has no command and no beginning.
    const command = process.command ?? '';
    showData(this.command, command, 160);
    showData(this.shortCommand, command, 60);
    setText(this.since,
            process.since === undefined ? '' : momentText(process.since));
    setText(this.files, countText(process.files));
    if (process.damaged > 0) {
      this.files.append(element('span', {class: 'note bad'},
                                `${countText(process.damaged)} damaged`));
    }
    setText(this.bytes, bytesText(process.bytes));
    setText(this.series, countText(process.series));
  }
}
