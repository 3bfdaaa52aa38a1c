"""gunicorn's settings: `gunicorn wsgi:app` serves with these. Nothing here logs an address's query."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "directory.worker.Worker"
threads = 4
# The application and its tables are loaded before the workers fork, so that they share them.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
control_socket_disable = True
# gunicorn's own bound answers with HTML that is not ours; directory.app has its own.
limit_request_line = 0
limit_request_fields = 60
limit_request_field_size = 8190
accesslog = "-"
# %(U)s is the path without its query: what people search for is nobody's business.
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(B)s bytes %(M)s ms'
errorlog = "-"
loglevel = "info"


def on_starting(server: object) -> None:
    """Read the table of cities now: it takes seconds, which the first search by place would wait for."""
    from directory.places import city_point

    city_point("Austin", "TX")
