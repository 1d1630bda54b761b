#!/usr/bin/python3
"""The demo of tools/quickstart: a web shop's workers, and a look at them.

usage: quickstart_demo.py work [--pause]  fork workers that write metrics into
                                          $PROMETHEUS_MULTIPROC_DIR
       quickstart_demo.py show URL        print the beginning of a scrape
       quickstart_demo.py check URL       compare a scrape with the result of
                                          prometheus_client's own collector

`work` prints `ready` once each worker has served some requests. The workers
then go on, or with --pause wait, until it is terminated. `check` is for
paused workers.
"""

import os
import random
import select
import shutil
import signal
import sys
import time
import urllib.request

import prometheus_client
from prometheus_client import multiprocess, parser

WORKERS = 4
HEAD_START = 200  # requests
PATHS = ("/", "/cart", "/checkout", "/search")
SHOWN_LINES = 10


class Shop:
    def __init__(self):
        self.requests = prometheus_client.Counter(
            "shop_requests_total", "Requests answered.", ["path", "code"])
        self.duration = prometheus_client.Histogram(
            "shop_request_duration_seconds", "Time to answer a request.",
            ["path"], buckets=(0.0625, 0.125, 0.25, 0.5, 1))
        self.cart_items = prometheus_client.Gauge(
            "shop_cart_items", "Items in open carts.",
            multiprocess_mode="livesum")

    def serve_request(self):
        path = random.choice(PATHS)
        code = "200" if random.random() < 0.95 else "500"
        self.requests.labels(path, code).inc()
        # Fractions whose sums are exact, in whatever order they are added.
        self.duration.labels(path).observe(random.randrange(1, 1024) / 1024)
        self.cart_items.set(random.randrange(20))


def serve_requests(shop, ready, parent_alive, pause):
    for _ in range(HEAD_START):
        shop.serve_request()
    os.write(ready, b".")
    while not select.select([parent_alive], [], [], None if pause else 0.05)[0]:
        shop.serve_request()


def work(pause):
    shop = Shop()
    ready_read, ready_write = os.pipe()
    alive_read, alive_write = os.pipe()
    for worker in range(WORKERS):
        if os.fork() == 0:
            os.close(alive_write)
            random.seed(worker)
            serve_requests(shop, ready_write, alive_read, pause)
            os._exit(0)
    os.close(ready_write)
    for _ in range(WORKERS):
        if os.read(ready_read, 1) != b".":
            sys.exit("a worker ended early")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    started_by = os.getppid()
    print("ready", flush=True)
    try:
        while os.getppid() == started_by:
            time.sleep(1)
    finally:
        os.close(alive_write)
        for _ in range(WORKERS):
            os.wait()


def scrape(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response, response.read().decode("utf-8")


def show(url):
    width = shutil.get_terminal_size().columns
    lines = scrape(url)[1].splitlines()
    for line in lines[:SHOWN_LINES]:
        print(line if len(line) <= width else line[:width - 3] + "...")
    if len(lines) > SHOWN_LINES:
        print(f"... and {len(lines) - SHOWN_LINES} more lines")


def samples(text):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in parser.text_string_to_metric_families(text)
            for sample in family.samples}


def of_application(served):
    """Without what the server tells of the processes and of itself."""
    return {sample: value for sample, value in served.items()
            if not sample[0].startswith(("process_", "promshm_"))}


def check(url):
    response, text = scrape(url)
    if response.status != 200:
        sys.exit(f"{url}: status {response.status}")
    content_type = response.headers["Content-Type"]
    if not content_type.startswith("text/plain; version=0.0.4"):
        sys.exit(f"{url}: content type {content_type}")
    registry = prometheus_client.CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    served = of_application(samples(text))
    expected = samples(
        prometheus_client.generate_latest(registry).decode("utf-8"))
    if served != expected:
        sys.exit(f"{url}: not what prometheus_client collects: "
                 f"{sorted(served.items() ^ expected.items())}")
    requests = sum(value for (name, _), value in served.items()
                   if name == "shop_requests_total")
    if requests != WORKERS * HEAD_START:
        sys.exit(f"{url}: {requests:.0f} requests, not {WORKERS * HEAD_START}")
    print(f"{len(served)} samples as prometheus_client collects them, "
          f"{requests:.0f} requests")


def main(arguments):
    if arguments in (["work"], ["work", "--pause"]):
        work(pause=len(arguments) == 2)
    elif len(arguments) == 2 and arguments[0] == "show":
        show(arguments[1])
    elif len(arguments) == 2 and arguments[0] == "check":
        check(arguments[1])
    else:
        sys.exit(__doc__.strip())


if __name__ == "__main__":
    main(sys.argv[1:])
