# `make demo` and `make test` do all their own set-up; Python 3.11 or newer is all they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-long test-jax lint types benchmarks clean help

help:  ## Show these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.installed  ## Train on digits, evaluate, write a report
	$(BIN)/vaelid demo

test: lint types  ## Lint, types, and every test but the long ones
	$(BIN)/python -m pytest -m "not slow"

test-long: $(VENV)/.installed-dev  ## The long tests
	$(BIN)/python -m pytest -m slow

test-jax: $(VENV)/.installed-dev  ## The conformance suite with JAX as one more reading (installs JAX)
	$(PIP) install -c constraints.txt -e ".[jax]"
	$(BIN)/python -m pytest tests/conformance -k jax

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/pyright --pythonpath $(BIN)/python

benchmarks: $(VENV)/.installed-dev  ## Against a closed form, and against a hand-written loop
	$(BIN)/python benchmarks/linear_vae.py
	$(BIN)/python benchmarks/training.py

clean:  ## Remove the virtual environment and caches; runs are kept
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis

$(VENV)/.created: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "vaelid needs Python 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 64; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt torch
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@
