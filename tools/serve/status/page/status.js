'use strict';

// The page as a whole: what is chosen, and what is asked for in which order.

const OVERVIEW_EVERY = 5;  // polls

const byId = (id) => document.getElementById(id);

const page = {
  server: byId('server'),
  formats: byId('formats'),
  notice: byId('notice'),
  filter: byId('filter'),
};

// What the reader has chosen; the address of the page keeps it.
const chosen = {directory: null, q: ''};

let status = null;  // the last answer, with the last of every directory
let pollsUntilOverview = 0;
let answeredAt = null;

const poll = new Poll(loadAll);
const changed = () => poll.now();

const directories = new DirectoryTable(byId('directories'), chooseDirectory);
const summary = new Summary(byId('summary'), byId('issues'));
const processes = new ProcessTable(byId('processes'), changed);
const families = new FamilyTable(byId('families'), changed);

function readAddress() {
  const parameters = new URLSearchParams(location.hash.slice(1));
  chosen.directory = parameters.get('directory');
  chosen.q = parameters.get('q') ?? '';
  page.filter.value = chosen.q;
}

function keepInAddress() {
  const parameters = new URLSearchParams();
  if (status.directories.length > 1) {
    parameters.set('directory', chosen.directory);
  }
  if (chosen.q !== '') parameters.set('q', chosen.q);
  history.replaceState(null, '', `#${parameters}`);
}

function directoryNames() {
  return status.directories.map(({name}) => name);
}

function chooseDirectory(name) {
  chosen.directory = name;
  processes.pager.offset = 0;
  families.reset();
  keepInAddress();
  changed();
}

function chooseFilter() {
  if (page.filter.value === chosen.q) return;
  chosen.q = page.filter.value;
  families.goToBegin();
  keepInAddress();
  changed();
}

// Asks for everything that is visible. `isCurrent()` turns false when the
// reader has chosen something else meanwhile.
async function loadAll(signal, isCurrent) {
  try {
    await loadStatus(signal);
    await loadFamilies(signal);
    if (isCurrent()) showAnswered();
  } catch (error) {
    if (isCurrent()) showFailure(error);
  }
}

async function loadStatus(signal) {
  if (pollsUntilOverview-- <= 0) {
    status = await askApi('status', {limit: 0}, signal);
    pollsUntilOverview = OVERVIEW_EVERY;
  }
  checkChoice();
  const name = chosen.directory;
  if (name !== TOGETHER) await loadDirectory(name, signal);
  directories.show(status.directories, chosen.directory);
  showServer();
  if (name !== TOGETHER) return;
  processes.section.hidden = true;
  if (status.directories.length > 0) {
    summary.hide();
  } else {
    summary.showNothing();
  }
}

// Directories come and go.
function checkChoice() {
  const names = directoryNames();
  if (names.includes(chosen.directory)) return;
  if (chosen.directory === TOGETHER && names.length !== 1) return;
  chosen.directory = names[0] ?? TOGETHER;
  families.reset();
  keepInAddress();
}

async function loadDirectory(name, signal) {
  const {section} = processes;
  const wanted = section.hidden || isInView(section);
  const answer = await askApi('status', {
    directory: name,
    ...(wanted ? processes.parameters() : {limit: 0}),
  }, signal).catch((error) => {
    // It has gone: the next overview tells what there is.
    if (error.status === 404) pollsUntilOverview = 0;
    throw error;
  });
  const [directory] = answer.directories;
  status = {
    ...answer,
    directories: status.directories.map(
        (other) => other.name === name ? directory : other),
  };
  summary.show(directory);
  if (directory.error !== undefined) {
    section.hidden = true;
  } else if (wanted && !processes.show(directory)) {
    await loadDirectory(name, signal);
  }
}

async function loadFamilies(signal) {
  const {section} = families;
  if (!section.hidden && !isInView(section)) return;
  const common = {directory: chosen.directory, q: chosen.q};
  try {
    const answer = await askApi(
        'families', {...common, ...families.parameters()}, signal);
    if (!families.show(answer, familyLinks)) {
      await loadFamilies(signal);
      return;
    }
    for (const row of families.openRows()) {
      await loadSeries(row, common, signal);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    families.showTrouble(error.message);
  }
}

async function loadSeries(row, common, signal) {
  const {series} = row;
  const {offset, limit} = series.pager;
  try {
    const answer = await askApi(
        'families', {...common, name: row.name, offset, limit}, signal);
    if (!series.show(answer)) await loadSeries(row, common, signal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    showText(series.trouble, printable(error.message));
  }
}

// Where the metrics of the chosen directory are; relative as all addresses.
function metricsPath() {
  const whole = status.telemetry_path.replace(/^\//, '').replace(/\/$/, '');
  if (chosen.directory === TOGETHER || status.directories.length === 1) {
    return whole;
  }
  return `${whole}/${encodeURIComponent(chosen.directory)}`;
}

function familyLinks(name) {
  const query = new URLSearchParams({'name[]': name});
  return [
    ['text', `${metricsPath()}?${query}`],
    ['JSON', apiPath('families', {directory: chosen.directory, name})],
  ];
}

function showServer() {
  const up = durationText(status.now - status.started);
  setText(page.server, `version ${status.version}, up for ${up}`);
  const {directory} = chosen;
  const links = [
    ['metrics (text)', metricsPath()],
    ['metrics (OpenMetrics)', `${metricsPath()}?format=openmetrics`],
    ['status (JSON)', apiPath('status', {directory})],
    ['families (JSON)', apiPath('families', {directory})],
  ];
  const targets = links.map(([, target]) => target).join('\n');
  if (page.formats.dataset.targets === targets) return;
  page.formats.dataset.targets = targets;
  page.formats.replaceChildren(...links.map(
      ([text, target]) =>
          element('li', {}, element('a', {href: target}, text))));
}

function showAnswered() {
  answeredAt = Date.now() / 1000;
  document.body.classList.remove('stale');
  showText(page.notice, '');
}

function showFailure(error) {
  const since = answeredAt === null ? '' :
      ` What is shown is of ${momentText(answeredAt)}.`;
  const what = error instanceof Refusal ?
      `The server refuses: ${printable(error.message)}.` :
      'The server does not answer.';
  document.body.classList.add('stale');
  showText(page.notice, `${what} Trying again.${since}`);
}

let typing;
page.filter.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(chooseFilter, 200);
});

window.addEventListener('hashchange', () => {
  const {directory, q} = chosen;
  readAddress();
  if (chosen.directory === directory && chosen.q === q) return;
  families.reset();
  changed();
});

readAddress();
changed();
