"""Times prometheus_client's collector for promshm_bench_scrape.

usage: python_scrape.py CLIENTS DIRECTORY

Answers each line on the standard input with a line, bytes of text and seconds:
`collect` times the collector alone, `scrape` the collector and its text,
`write PATH` does so and writes the text to PATH.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

_HAS_CLIENT = "PROMSHM_BENCH_HAS_CLIENT"


def main():
    clients, directory = sys.argv[1:]
    if _HAS_CLIENT not in os.environ:
        testing.options.clients = clients
        testing.options.client = "current"
        environment = testing.client_environment(**{_HAS_CLIENT: "1"})
        os.execve(testing.PYTHON, [testing.PYTHON, "-B", *sys.argv],
                  environment)
    answer_requests(directory)


def answer_requests(directory):
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    print("ready", flush=True)
    for line in sys.stdin:
        request, _, path = line.rstrip("\n").partition(" ")
        text = b""
        start = time.perf_counter()
        registry = CollectorRegistry()
        collector = MultiProcessCollector(registry, directory)
        if request == "collect":
            collector.collect()
        else:
            text = generate_latest(registry)
        seconds = time.perf_counter() - start
        if request == "write":
            pathlib.Path(path).write_bytes(text)
        print(f"{len(text)} {seconds:.9f}", flush=True)


if __name__ == "__main__":
    main()
