# `make demo` and `make test` do all their own set-up; Python 3.11 or newer is all they need.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
PACKAGES ?= .packages

.PHONY: demo test test-floats test-long test-jax counts fuzz mutants programs mutants-proofs audit-packages proofs lint types benchmarks clean help

COQ_PACKAGES := coq libcoq-coquelicot libcoq-mathcomp-analysis libcoq-interval

help:  ## Show these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

demo: $(VENV)/.installed  ## Train on digits, evaluate, write a report
	$(BIN)/vaelid demo

test: lint types  ## Lint, types, and every test but the long ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile

# By two threads only what is large enough for torch to split. They wait for each other actively, which two workers on
# two cores cannot afford: hence passive.
test-floats: $(VENV)/.installed-dev  ## The tests that hang on floats, with the vector units off, by one thread and by two
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.plain_cpu $(BIN)/python -m pytest -m "floats and not slow" -n auto --dist loadfile
	OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive $(BIN)/python -m tests.plain_cpu \
	  $(BIN)/python -m pytest -m "floats and not slow" -n auto --dist loadfile tests/train tests/twins tests/interface

test-long: $(VENV)/.installed-dev  ## The long tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -n auto --dist loadfile
	VAELID_TYPES_OF_TERMS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile tests/readings tests/theory tests/audit/formula tests/audit/lifting

test-jax: $(VENV)/.installed-dev  ## The conformance suite with JAX as one more reading (installs JAX)
	$(PIP) install -c constraints.txt -e ".[jax]"
	$(BIN)/python -m pytest tests/conformance -k jax

fuzz: $(VENV)/.installed-dev  ## Edit run folders and files of data, 10,000 times each way: each is refused, or still is what it was
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz_data 10000

mutants: $(VENV)/.installed-dev  ## Change the spec: each change must break a theorem; change KLs and losses: no wrong verdict
	$(BIN)/python -m tests.mutants
	$(BIN)/python -m tests.mutants.audit --every 20

programs: $(VENV)/.installed-dev  ## Audit 2,000 programs whose truths are known by construction: no wrong verdict
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.programs --count 2000 --jobs 2 --resume

mutants-proofs: $(VENV)/.installed-dev  ## Change the emitted definitions: each change must break the build of the proofs
	$(BIN)/python -m tests.mutants.rocq --every 6

audit-packages: $(PACKAGES)/.installed  ## Audit the losses of published packages, in an environment of their own
	$(PACKAGES)/bin/python -m tests.packages

proofs: $(VENV)/.installed  ## Build and re-check the Rocq development (installs Coq if you are root)
	@command -v coqc >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(COQ_PACKAGES) >/dev/null; } \
	  || { echo "the proofs need Coq 8.16: apt-get install $(COQ_PACKAGES)"; exit 64; }
	$(BIN)/vaelid theorems --check --rocq

counts: $(VENV)/.installed-dev  ## Write the numbers that the documents state anew, as they are counted
	$(BIN)/python -m tests.documents

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/pyright --pythonpath $(BIN)/python

benchmarks: $(VENV)/.installed-dev  ## Against a closed form, against a hand-written loop; what an audit takes
	$(BIN)/python benchmarks/linear_vae.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/audit.py

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

# torch first, and the packages without their dependencies: none may bring another build of torch along.
$(PACKAGES)/.installed: constraints.txt pyproject.toml tests/packages/requirements.txt tests/packages/dependencies.txt
	$(PYTHON) -m venv $(PACKAGES)
	$(PACKAGES)/bin/python -m pip --quiet install -c constraints.txt torch
	$(PACKAGES)/bin/python -m pip --quiet install -c constraints.txt --no-deps -r tests/packages/requirements.txt
	$(PACKAGES)/bin/python -m pip --quiet install -c constraints.txt -r tests/packages/dependencies.txt -e .
	@touch $@
