"""Collects with prometheus_client's own collector whenever it is asked to.

usage: clean_collector.py DIR

A line on standard input asks. The answer is one line of JSON: the text of a
scrape, or a list of the names of the exception and its bases where it failed.
"""

import json
import sys

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector


def answer(directory):
    registry = CollectorRegistry()
    try:
        MultiProcessCollector(registry, directory)
        return generate_latest(registry).decode()
    except Exception as error:
        return [f"{kind.__module__}.{kind.__name__}"
                for kind in type(error).__mro__]


for _ in sys.stdin:
    print(json.dumps(answer(sys.argv[1])), flush=True)
