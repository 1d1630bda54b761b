"""A WSGI application that counts the requests to it with prometheus_client."""

from prometheus_client import Counter, Gauge, Histogram

requests = Counter("app_requests", "Requests", ["path"])
seconds = Histogram("app_seconds", "Time a request took", buckets=(1, 2, 4))
in_progress = Gauge("app_in_progress", "Requests in progress",
                    multiprocess_mode="livesum")


def application(environ, start_response):
    with in_progress.track_inprogress():
        requests.labels(environ["PATH_INFO"]).inc()
        # Whole numbers, whose sum is exact.
        seconds.observe(int(environ["QUERY_STRING"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"counted\n"]
