"""A small parser of the text formats, to compare them by meaning."""

import re
from collections import namedtuple

# samples: (name, frozenset of label items) -> float, in the order of the text.
Family = namedtuple("Family", "name type help samples")

_SUFFIXES = {
    "counter": ("", "_total"),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "summary": ("_sum", "_count"),
}
_NAME = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)|"((?:[^"\\]|\\.)*)"')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n"}


def parse(text):
    """The families of a text, by name; OpenMetrics where it ends in `# EOF`.

    Raises ValueError for what a scrape may not contain: a family in two
    blocks, a sample outside its family, a series twice, an unfinished line.
    """
    if text and not text.endswith("\n"):
        raise ValueError("the last line has no end")
    families = {}
    family = None
    lines = text.split("\n")[:-1]
    if lines and lines[-1] == "# EOF":
        lines.pop()
    for line in lines:
        if line.startswith("# HELP "):
            family = _begin_family(families, line)
        elif line.startswith("# TYPE "):
            family = _set_type(families, family, line)
        else:
            _add_sample(family, line)
    return families


def samples(families):
    """All samples of some families: (name, labels) -> float."""
    return {key: value for family in families.values()
            for key, value in family.samples.items()}


def _unescape(text):
    return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), text)


def _take_name(line, start):
    match = _NAME.match(line, start)
    if match is None:
        raise ValueError(f"no name at {start}: {line}")
    plain, quoted = match.groups()
    return (plain if quoted is None else _unescape(quoted)), match.end()


def _begin_family(families, line):
    name, end = _take_name(line, len("# HELP "))
    if name in families:
        raise ValueError(f"a family in two blocks: {line}")
    families[name] = Family(name, None, _unescape(line[end + 1:]), {})
    return families[name]


def _set_type(families, family, line):
    name, end = _take_name(line, len("# TYPE "))
    if family is None or name != family.name or family.type or family.samples:
        raise ValueError(f"a type out of place: {line}")
    families[name] = family._replace(type=line[end + 1:])
    return families[name]


def _take_labels(line, start):
    """The metric name, if quoted among the labels, the labels, and the end."""
    name, labels, position = None, {}, start + 1
    while line[position] != "}":
        label, position = _take_name(line, position)
        if line[position] == "=":
            value = _STRING.match(line, position + 1)
            if value is None or label in labels:
                raise ValueError(f"bad label {label}: {line}")
            labels[label] = _unescape(value[1])
            position = value.end()
        else:
            name = label
        if line[position] == ",":
            position += 1
    return name, labels, position + 1


def _add_sample(family, line):
    name, labels, position = None, {}, 0
    if not line.startswith("{"):
        name, position = _take_name(line, 0)
    if line[position] == "{":
        quoted, labels, position = _take_labels(line, position)
        name = quoted if name is None else name
    if family is None or name not in [
            family.name + suffix for suffix in _SUFFIXES.get(family.type, ())]:
        raise ValueError(f"a sample outside its family: {line}")
    key = (name, frozenset(labels.items()))
    if key in family.samples:
        raise ValueError(f"a series twice: {line}")
    family.samples[key] = float(line[position + 1:])
