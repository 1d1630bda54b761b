'use strict';

// Numbers as people read them.

const wholeNumber = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const roundedNumber =
    new Intl.NumberFormat('en', {maximumSignificantDigits: 4});

// The API spells what JSON cannot say as text.
function toNumber(value) {
  switch (value) {
    case '+Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    case 'NaN':
      return NaN;
    default:
      return value;
  }
}

function countText(count) {
  return wholeNumber.format(count);
}

function valueText(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toPrecision(4);
  return Number.isInteger(value) || size >= 1e4 ? wholeNumber.format(value) :
                                                  roundedNumber.format(value);
}

function bytesText(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (bytes >= 1024 && unit + 1 < units.length) {
    bytes /= 1024;
    ++unit;
  }
  return `${bytes < 10 && unit > 0 ? bytes.toFixed(1) : Math.round(bytes)} ${
      units[unit]}`;
}

function durationText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => whole >= size);
  if (first < 0) return '0 s';
  return units.slice(first, first + 2)
      .map(([name, size], i) => {
        const count = i === 0 ? whole / size : whole % units[first][1] / size;
        return [Math.floor(count), name];
      })
      .filter(([count], i) => i === 0 || count > 0)
      .map(([count, name]) => `${count} ${name}`)
      .join(' ');
}

function percentText(part, whole) {
  if (!(whole > 0)) return '';
  const percent = 100 * part / whole;
  return `${percent > 0 && percent < 1 ? '< 1' : Math.round(percent)} %`;
}

// A moment in Unix seconds, by the reader's clock.
function momentText(seconds) {
  const moment = new Date(seconds * 1000);
  const today = moment.toDateString() === new Date().toDateString();
  const time = moment.toLocaleTimeString('en-GB');
  return today ? time : `${moment.toLocaleDateString('sv')} ${time}`;
}
