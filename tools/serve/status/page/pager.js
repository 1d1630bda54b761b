'use strict';

// Which part of a list is shown, and the way to the others.

class Pager {
  // `limit` entries a page; `changed` is called when another page is wanted.
  constructor(label, limit, changed) {
    this.limit = limit;
    this.offset = 0;
    this.changed = changed;
    this.count = 0;
    this.text = element('span', {'aria-live': 'polite'});
    this.buttons = [
      ['First', () => 0],
      ['Previous', () => this.offset - this.limit],
      ['Next', () => this.offset + this.limit],
      ['Last', () => this.lastOffset()],
    ].map(([name, target]) => {
      const button = element('button', {type: 'button'}, name);
      button.addEventListener('click', () => this.go(target()));
      return {button, target};
    });
    this.node = element('nav', {class: 'pager', 'aria-label': label},
                        this.text, ...this.buttons.map(({button}) => button));
    this.node.hidden = true;
  }

  lastOffset() {
    return Math.max(0, Math.floor((this.count - 1) / this.limit) * this.limit);
  }

  go(offset) {
    if (!this.leadsTo(offset)) return;
    this.offset = offset;
    this.changed();
  }

  leadsTo(offset) {
    return offset >= 0 && offset <= this.lastOffset() && offset !== this.offset;
  }

  // Tells how long the list is. False when it has become too short for the
  // page that was asked for; the offset is another one then.
  show(count) {
    this.count = count;
    const fits = this.offset <= this.lastOffset();
    if (!fits) this.offset = this.lastOffset();
    this.node.hidden = count <= this.limit;
    const end = Math.min(this.offset + this.limit, count);
    setText(this.text, `${countText(this.offset + 1)}–${countText(end)} of ${
        countText(count)}`);
    for (const {button, target} of this.buttons) {
      // Not `disabled`: the focus would be lost at the last page.
      button.setAttribute('aria-disabled', String(!this.leadsTo(target())));
    }
    return fits;
  }
}
