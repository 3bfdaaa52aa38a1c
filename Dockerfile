# The service on port 8000; also `python -m indexer`. Linted, but never built where this project is tested.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 DIRECTORY_DATA=/srv/data HOST=0.0.0.0
WORKDIR /srv

COPY setup.cfg pyproject.toml README.md wsgi.py gunicorn.conf.py ./
COPY directory directory
COPY indexer indexer
# Installed in place: the version and the dependencies come from setup.cfg, the code from here.
RUN pip install --editable . \
 && useradd --system --uid 10001 --no-create-home directory \
 && mkdir data && chown directory data

USER directory
VOLUME /srv/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "wsgi:app"]
