# Everything runs in .venv, which `make install` makes. `make help` lists what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PORT ?= 8000
DATA := $(or $(DIRECTORY_DATA),data)

.DEFAULT_GOAL := help
.PHONY: help install run test lint format conformance clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed ## make .venv with all that the project needs

.venv/installed: setup.cfg pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

run: install ## serve on PORT (8000); the first time with fictional demo profiles
	@$(BIN)/python -m indexer status --json | grep -q '"live": "' || { \
		echo "Building a directory of 5,000 fictional profiles and a few real ones…" && \
		mkdir -p $(DATA) && \
		$(BIN)/python -m indexer demo --count 5000 --out $(DATA)/demo.ndjson.gz && \
		$(BIN)/python -m indexer build profiles=$(DATA)/demo.ndjson.gz nppes=tests/fixtures/nppes/weekly_small.csv; }
	@echo "Serving on http://localhost:$(PORT)/ – Ctrl-C ends it."
	@PORT=$(PORT) $(BIN)/gunicorn wsgi:app

test: install lint ## lint, types and all tests (starts what they need by itself)
	$(BIN)/python -m pytest

lint: install ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: install ## random requests against the brute-force oracle: 10,000 embedded, 2,000 Elasticsearch
	$(BIN)/python -m pytest tests/test_conformance.py -k embedded --conformance=10000
	$(BIN)/python -m pytest tests/test_conformance.py -k elasticsearch --conformance=2000

clean: ## remove .venv and caches (not data/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build
