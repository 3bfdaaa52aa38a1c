"""gunicorn's settings: `gunicorn wsgi:app` serves with these. Nothing here logs an address's query."""

import gc
import os
from typing import Any

# Until everything is read, hardly anything becomes garbage, and looking for it takes a quarter of the time.
gc.disable()

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


def when_ready(server: Any) -> None:
    """Read everything that workers share before they are started."""
    from directory.warming import warm

    warm(server.app.wsgi())
