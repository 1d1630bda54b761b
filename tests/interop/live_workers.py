"""Forks workers that write every kind of metric, as a web server's do.

usage: live_workers.py WORKERS SECONDS

The directory comes from the environment. Half of the workers start half-way.
Prints `paused` once all of them have stopped writing; they stay alive until
standard input ends. All amounts are multiples of 1/8 and small, so their sums
are exact and the same in any order.
"""

import os
import sys
import time

from prometheus_client import Counter, Gauge, Histogram, Summary

# Enough label sets for a file to outgrow its first 64 KiB, however slow the
# machine is.
STEPS_PER_LABEL_SET = 5
LABEL_SETS = 120

requests = Counter("live_requests", "Requests", ["path"])
bytes_sent = Counter("live_sent_bytes", "Bytes sent")
latency = Histogram("live_latency_seconds", "Latency", ["path"],
                    buckets=(0.125, 0.5, 1, 2.5, 5))
size = Histogram("live_size", "Size", buckets=(1, 2, 4))
query = Summary("live_query_seconds", "Query time", ["table"])
gauges = [Gauge(f"live_gauge_{mode}", f"Mode {mode}", ["shard"],
                multiprocess_mode=mode)
          for mode in sorted(Gauge._MULTIPROC_MODES)]
created_only = Gauge("live_created_only", "Never set", multiprocess_mode="max")


def write(worker, end):
    step = 0
    while (time.monotonic() < end
           or step < STEPS_PER_LABEL_SET * LABEL_SETS):
        path = f"/items/{step // STEPS_PER_LABEL_SET % LABEL_SETS}"
        requests.labels(path).inc()
        requests.labels('/"quoted"\\\n').inc(0.25)
        bytes_sent.inc(1.5)
        latency.labels(path).observe(step % 64 / 8)
        size.observe(step % 7)
        query.labels("users").observe(step % 16 / 4)
        for gauge in gauges:
            gauge.labels("a").set(step / 8 - worker)
            gauge.labels(f"w{worker}").set(worker + 0.5)
        step += 1
        time.sleep(0.002)


def fork_worker(worker, end, paused, release):
    """Forks a worker; in it, writes, says that it is done, and waits."""
    if os.fork() != 0:
        return
    os.close(release[1])
    write(worker, end)
    os.write(paused[1], b".")
    os.read(release[0], 1)
    os._exit(0)


def main():
    workers, seconds = int(sys.argv[1]), float(sys.argv[2])
    end = time.monotonic() + seconds
    paused, release = os.pipe(), os.pipe()
    for worker in range(workers // 2):
        fork_worker(worker, end, paused, release)
    time.sleep(seconds / 2)
    for worker in range(workers // 2, workers):
        fork_worker(worker, end, paused, release)
    os.close(paused[1])
    for _ in range(workers):
        if os.read(paused[0], 1) != b".":
            sys.exit("a worker ended early")
    print("paused", flush=True)
    sys.stdin.read()
    os.close(release[1])
    for _ in range(workers):
        os.wait()


if __name__ == "__main__":
    main()
