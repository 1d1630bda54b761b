"""A worker that counts, uses what its arguments say, and then is idle.

usage: figures_worker.py CPU_SECONDS THREADS DESCRIPTORS

The directory comes from the environment. Prints its process ID once it is
idle; ends with standard input.
"""

import os
import sys
import threading
import time

from prometheus_client import Counter


def main():
    cpu_seconds, threads, descriptors = sys.argv[1:]
    Counter("figures_jobs", "Jobs").inc()
    opened = [open(os.devnull) for _ in range(int(descriptors))]
    end = threading.Event()
    for _ in range(int(threads)):
        threading.Thread(target=end.wait, daemon=True).start()
    while time.process_time() < float(cpu_seconds):
        pass
    print(os.getpid(), len(opened), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
