# Every target sets up what it needs by itself: see requirements/setup.sh. "make help" lists them.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs vectors pictures messages fonts fuzz soak system lock clean setup setup-oracles

python := .venv/bin/python
once ?=
seconds ?= 600
validations ?= 5000
seed ?= 1
database ?= both
upgrade ?=
# More arguments for pytest, as in: make test args="-k QR"
args ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

demo: setup ## walk through one shipment, then run an example node with its sign-ins (once=1: end by itself)
	$(python) examples/demo.py $(if $(filter 1,$(once)),--once)
	$(python) -m examples.node $(if $(filter 1,$(once)),--once)

test: system setup setup-oracles ## run all tests on all cores, the node's on both databases (args="...": more for pytest)
	$(python) -m pytest -n auto --cov --cov-report=$(if $(args),term) $(args)
	$(if $(args),,MACLE_TEST_DATABASE=postgresql $(python) -m pytest tests/node tests/permissions -n auto --cov --cov-append --cov-report=term)

check: setup ## lint, format, types, layers, locks
	$(python) -m ruff check
	$(python) -m ruff format --check
	MACLE_NODE_HOME=.mypy_cache/node $(python) -m mypy
	.venv/bin/lint-imports
	requirements/check.sh

bench: setup ## measure, as ratios against a reference
	$(python) -m bench

docs: setup ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(python) -m mkdocs build --strict --quiet

vectors: setup ## make the test vectors of spec/ anew
	$(python) -m tests.vectors.build

pictures: setup ## draw the pictures in docs/ anew: printed sheets, and a page of the example node (Chromium)
	$(python) -m tests.pictures
	$(python) -m tests.screens
	$(python) -m tests.screens

messages: setup ## bring the catalogues of translations up to the pages, and compile them
	$(python) -m tests.messages

fonts: setup ## cut the fonts that travel with the package anew
	cd requirements/fonts && npm ci --silent
	$(python) requirements/fonts/subset.py

fuzz: setup ## throw hostile bytes at every reader (seconds=600)
	$(python) -m tests.fuzz --seconds $(seconds)

soak: setup ## validate in processes that are killed at random, and account (validations=5000 seed=1 database=both)
	$(python) -m tests.soak --validations $(validations) --seed $(seed) --database $(database)

system: ## install the Debian programs the tests use, or say which are missing
	@requirements/system.sh

lock: setup ## make the locks anew (upgrade=1: newest versions)
	upgrade=$(upgrade) requirements/lock.sh

clean: ## remove what was made
	rm -rf .venv .venv-oracle .venv-lock .setup-*.lock tests/oracles/node_modules requirements/fonts/node_modules site demo dist build htmlcov .coverage .coverage.*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@requirements/setup.sh dev

setup-oracles:
	@requirements/setup.sh oracle
	@requirements/setup.sh node
