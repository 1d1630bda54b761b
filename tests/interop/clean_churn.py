"""Short-lived children count once in every kind, one after the other.

usage: clean_churn.py TALLY

The directory comes from the environment. TALLY is a file of two numbers of 8
bytes: how many children may have begun to count, and how many have ended.
Ends when standard input does.
"""

import mmap
import os
import select
import struct
import sys

from prometheus_client import Counter, Gauge, Histogram, Summary

MOST_CHILDREN = 100000
PAUSE = 0.01  # seconds between two children

LABELS = ["by"]
counter = Counter("fresh", "Counted once", LABELS)
histogram = Histogram("fresh_seconds", "Observed once", LABELS, buckets=(1, 2))
summary = Summary("fresh_bytes", "Observed once", LABELS)
gauge = Gauge("fresh_level", "Raised once", LABELS, multiprocess_mode="sum")
live_gauge = Gauge("fresh_live", "Raised once", LABELS,
                   multiprocess_mode="livesum")


def count():
    counter.labels("child").inc()
    histogram.labels("child").observe(1)
    summary.labels("child").observe(1)
    gauge.labels("child").inc()
    live_gauge.labels("child").inc()


def main():
    with open(sys.argv[1], "r+b") as file:
        tally = mmap.mmap(file.fileno(), 16)
    for number in range(1, MOST_CHILDREN + 1):
        tally[0:8] = struct.pack("=q", number)
        child = os.fork()
        if child == 0:
            count()
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("a child failed")
        tally[8:16] = struct.pack("=q", number)
        if select.select([sys.stdin], [], [], PAUSE)[0]:
            return
    sys.exit("nobody ended it")


if __name__ == "__main__":
    main()
