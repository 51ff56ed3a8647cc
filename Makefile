# Every target makes or refreshes .venv first, when it is missing or older than what it is made from.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is kept whatever the environment says: every command that a test starts would compile the same files.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test coverage check bench docs sdk fuzz clean help

help:  ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: $(VENV)/.run-ready  ## Start Freya (everything it needs, in ./data unless FREYA_DATA says otherwise)
	@echo "==> freya serve"
	@exec $(BIN)/freya serve

test: $(VENV)/.dev-ready  ## Run every test
	@echo "==> pytest on three processes"
	@$(PYTEST)

coverage: $(VENV)/.dev-ready  ## Run every test and hold branch coverage to its bound, which takes much longer
	@echo "==> pytest on three processes, with branch coverage"
	@$(PYTEST) --cov --cov-report=term-missing:skip-covered

check: $(VENV)/.dev-ready  ## Lint, format, types and import contracts
	@echo "==> ruff"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "==> mypy --strict"
	@$(BIN)/mypy
	@echo "==> import-linter"
	@$(BIN)/lint-imports

bench: $(VENV)/.dev-ready  ## Run every benchmark; each prints JSON
	@for file in benchmarks/bench_*.py; do echo "==> $$file"; $(BIN)/python $$file || exit 1; done

docs: $(VENV)/.run-ready  ## Write docs/configuration.md and docs/openapi.json anew
	@$(BIN)/python -m app.documentation

sdk: $(VENV)/.run-ready docs  ## Make the clients for Python and TypeScript into dist/ (needs npm)
	@$(BIN)/python sdk/build.py

fuzz: $(VENV)/.dev-ready build/fuzz/.ready  ## Send the service requests made of its own description
	@$(BIN)/python -m pytest tests/e2e/test_described.py

build/fuzz/.ready: tests/e2e/schemathesis.txt
	@$(PYTHON) -m venv build/fuzz
	@build/fuzz/bin/python -m pip install -q -r $<
	@touch $@

clean:  ## Remove the virtual environment and caches; your data folder stays
	@echo "==> removing $(VENV) and caches (data/ stays)"
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .coverage.* build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@echo "==> making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Freya needs Python 3.11 or newer; set PYTHON=... to one")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run-ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "==> installing Freya and what it needs (a few minutes the first time)"
	@$(INSTALL) -e .
	@touch $@

$(VENV)/.dev-ready: $(VENV)/.run-ready pyproject.toml constraints.txt
	@echo "==> installing test tools and llama.cpp (built from source the first time, about five minutes)"
	@$(INSTALL) -e '.[dev,local]'
	@touch $@
