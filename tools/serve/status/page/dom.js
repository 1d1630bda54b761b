'use strict';

// Building and changing the document. Texts become text nodes, never markup.

// An element with attributes and children, which are nodes or texts.
function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svgElement(tag, attributes = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  return fill(node, attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Leaves a node alone that says so already: a selection in it stays.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Shows a text in a node of its own, or hides the node where there is none.
function showText(node, text) {
  setText(node, text ?? '');
  node.hidden = !text;
}

// Makes `nodes` the children of `parent`, without moving those that stand
// right: what has the focus keeps it.
function setChildren(parent, nodes) {
  const kept = new Set(nodes);
  for (const child of [...parent.children]) {
    if (!kept.has(child)) child.remove();
  }
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) {
      parent.insertBefore(node, parent.children[i] ?? null);
    }
  });
}

const UNPRINTABLE = new RegExp(
    '[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f' +
    '\\u2028-\\u202e\\u2066-\\u2069]', 'g');

// What a writer chose to call something, safe to look at: control characters,
// and those that turn the direction of a text, are spelled out.
function printable(text) {
  return text
      .replaceAll('\n', '\\n')
      .replace(UNPRINTABLE,
               (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// The beginning of a text that may be very long.
function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

// Shows data, and all of it (within reason) when one points at it.
function showData(node, text, most = 200) {
  const whole = printable(text);
  const shown = shortened(whole, most);
  setText(node, shown);
  if (shown === whole) {
    node.removeAttribute('title');
  } else {
    node.title = shortened(whole, 2000);
  }
}

// Whether a reader sees it, or nearly.
function isInView(node) {
  const box = node.getBoundingClientRect();
  const margin = 200;
  return box.top < window.innerHeight + margin && box.bottom > -margin;
}
