PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: install quick lint format types test thorough coverage mutants docs demo \
    benchmarks oldest servers stop-servers ci

install:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -e ".[test,lint,docs]"

quick: lint types
	tests=$$($(BIN)/python tests/changed.py) && [ -z "$$tests" ] || \
	    HYPOTHESIS_PROFILE=quick $(BIN)/pytest -n auto --quiet $$tests

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types:
	$(BIN)/mypy

test:
	$(BIN)/pytest -n auto
	SCIPY_ARRAY_API=1 $(BIN)/pytest -n auto tests/test_common.py

thorough:
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n auto

coverage:
	$(BIN)/pytest -n auto --cov

mutants:
	$(BIN)/python -m tests.mutation

docs:
	$(BIN)/sphinx-build --fail-on-warning --keep-going docs docs/_build/html

demo:
	$(BIN)/skseg demo

benchmarks:
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

oldest:
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/pip install -c tests/constraints-oldest.txt -e ".[test]"
	.venv-oldest/bin/pytest -p no:cacheprovider -n auto -m "not pure"

# The tests of engines read what this prints: eval "$(make --silent servers)"
servers:
	PATH="$(CURDIR)/$(BIN):$$PATH" tests/engines/servers.sh start /tmp/skseg-servers

stop-servers:
	tests/engines/servers.sh stop /tmp/skseg-servers
	rm -rf /tmp/skseg-servers

ci:
	.ci/run
