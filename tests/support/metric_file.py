"""Builds the bytes of metric files: of every generation, and broken ones."""

import json
import struct

HEADER_SIZE = 8


def key(family, sample, labels=None, help_text="help"):
    """The key of prometheus_client 0.15 and later."""
    return json.dumps([family, sample, labels or {}, help_text],
                      sort_keys=True)


def key_without_help(family, sample, labels=None):
    """The key of prometheus_client 0.4 to 0.14."""
    return json.dumps([family, sample, labels or {}], sort_keys=True)


def key_of_lists(family, sample, labels=None):
    """The key of prometheus_client before 0.4."""
    labels = labels or {}
    return json.dumps([family, sample, list(labels), list(labels.values())])


def key_of_ruby(family, sample, labels=None):
    """The key of prometheus-client-mmap: as before 0.4, without spaces."""
    labels = labels or {}
    return json.dumps(
        [family, sample, list(labels), list(labels.values())],
        separators=(",", ":"))


def padding(key_length):
    """Bytes of spaces after a key: at least one, up to the next value."""
    return 8 - (key_length + 4) % 8


def entry_size(key_length, value_size):
    return 4 + key_length + padding(key_length) + value_size


class MetricFile:
    """The bytes of one file. `value_size` is 16 with timestamps, 8 without."""

    def __init__(self, value_size=16):
        self._value_size = value_size
        self._entries = b""
        self.used = None

    @property
    def end(self):
        """Where the next entry begins: what an honest `used` says."""
        return HEADER_SIZE + len(self._entries)

    def add(self, key_text, value, timestamp=0.0, claimed_length=None):
        """Adds an entry; a `claimed_length` is a lie about the key."""
        data = key_text.encode() if isinstance(key_text, str) else key_text
        length = len(data) if claimed_length is None else claimed_length
        self._entries += struct.pack("=i", length) + data
        self._entries += b" " * padding(len(data)) + struct.pack("=d", value)
        if self._value_size == 16:
            self._entries += struct.pack("=d", timestamp)
        return self

    def claim_used(self, used):
        """Lies about `used`."""
        self.used = used
        return self

    def bytes(self, size=65536):
        """The file, with zeros after the entries up to `size`."""
        used = self.end if self.used is None else self.used
        data = struct.pack("=ii", used, 0) + self._entries
        return data.ljust(size, b"\0")
