# Everything that is done with this repository, each as one command; `make` lists them.
#
# A machine needs python3 (3.11 or newer) with pip, make and git. The rest is fetched from PyPI and npm, pinned
# by hash, into .tools, .venv and server/web/node_modules; a target that has run once costs nothing again.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

LAKE ?= lake

UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
PYTHON := .venv/bin/python
NPM := cd server/web && npm
MEMBERS := . server integrations/dagster integrations/airflow

ENV := .venv/.installed
MODULES := server/web/node_modules/.package-lock.json
PAGE := server/lineageflow_server/static/index.html
AZURITE := .tools/azurite/node_modules/.package-lock.json
BENCH := .tools/bench/.installed
EMITTERS := .tools/emitters/.installed

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := 1
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)
# Playwright brings a Node that minimal systems cannot start; ours starts everywhere.
export PLAYWRIGHT_NODEJS_PATH := $(CURDIR)/.venv/bin/node
export LF_CHROMIUM ?= .tools/chromium
export LF_AZURITE ?= .tools/azurite/node_modules/.bin/azurite-blob
export LF_EMITTERS ?= .tools/emitters

# uv does not read pip's configuration, so an index that is configured there is handed on.
PIP_INDEX = $(or $(PIP_INDEX_URL),$(shell python3 -m pip config get global.index-url 2>/dev/null))
ifndef UV_DEFAULT_INDEX
$(ENV) $(BENCH) $(EMITTERS) lock matrix wheels: export UV_DEFAULT_INDEX = $(PIP_INDEX)
endif

##@ Use
.PHONY: demo up
demo: $(ENV) $(PAGE) ## Run the flights example from start to end, then serve its page (SERVE=0: do not)
	$(PYTHON) -m examples.flights.demo

up: $(ENV) $(PAGE) ## Serve the lake in the folder LAKE=lake, with its page
	.venv/bin/lineageflow up $(LAKE)

##@ Check
.PHONY: test lint types bench matrix
test: lint types $(PAGE) $(LF_CHROMIUM) $(AZURITE) $(EMITTERS) ## Run all checks and all tests
	$(NPM) run --silent test
	$(PYTHON) -m pytest --numprocesses 3 --dist loadscope --no-loadscope-reorder # they wait more than they compute
	$(PYTHON) -m pytest --numprocesses 2 --dist loadgroup tests/integrations/airflow # it changes the process it is imported in

lint: $(ENV) $(MODULES) ## Check style, formatting and the direction of imports
	ruff check --quiet
	ruff format --check --quiet
	lint-imports --no-cache --no-logo
	$(NPM) run --silent lint

types: $(ENV) $(MODULES) ## Check types
	mypy
	$(NPM) run --silent typecheck

bench: $(ENV) $(BENCH) ## Measure, beside git, DVC and a plain copy
	PATH="$$PATH:$(CURDIR)/.tools/bench/bin" $(PYTHON) -m benchmarks

matrix: $(ENV) $(LF_CHROMIUM) ## Test the integrations with each Python, Dagster and Airflow that they promise
	.ci/dagster-matrix
	.ci/airflow-matrix

##@ Change
.PHONY: env web format lock wheels clean
env: $(ENV) ## Make the environment, .venv

web: $(PAGE) ## Build the page

format: $(ENV) $(MODULES) ## Format everything, and repair what can be repaired
	ruff format --quiet
	ruff check --fix-only --quiet
	$(NPM) run --silent format

lock: | $(UV) ## Pin the newest versions that fit, in the two requirements*.lock
	$(UV) lock --quiet --upgrade
	$(UV) export --quiet --no-header --no-annotate --all-packages --all-extras --group dev \
	    --no-emit-workspace --output-file requirements-dev.lock
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    pyproject.toml tests/emitters/requirements.in --output-file tests/emitters/requirements.lock

wheels: $(ENV) $(PAGE) ## Build the distributions into dist
	$(UV) build --quiet --all-packages --no-build-isolation --clear

clean: ## Remove all that make has made
	rm -rf .venv .tools dist uv.lock server/lineageflow_server/static server/web/node_modules
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache test-results

.PHONY: help
help:
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' \
	    $(firstword $(MAKEFILE_LIST))

.tools/bin/uv:
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv

.tools/chromium: | $(ENV)
	.ci/chromium $@

$(ENV): requirements-dev.lock $(MEMBERS:=/pyproject.toml) | $(UV)
	test -x $(PYTHON) || $(UV) venv --quiet .venv
	$(UV) pip sync --quiet --require-hashes requirements-dev.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation $(MEMBERS:%=-e %)
	touch $@

$(MODULES): server/web/package.json server/web/package-lock.json | $(ENV)
	$(NPM) ci --silent --no-audit --no-fund
	touch $@

$(AZURITE): tests/servers/package.json tests/servers/package-lock.json tests/servers/.npmrc | $(ENV)
	mkdir -p .tools/azurite
	cp $^ .tools/azurite
	cd .tools/azurite && npm ci --silent
	touch $@

$(PAGE): $(shell find server/web -name node_modules -prune -o -type f -print) $(MODULES)
	$(NPM) run --silent build

$(EMITTERS): tests/emitters/requirements.lock | $(UV)
	$(UV) venv --quiet --clear .tools/emitters
	$(UV) pip sync --quiet --python .tools/emitters --require-hashes tests/emitters/requirements.lock
	touch $@

$(BENCH): pyproject.toml | $(UV)
	$(UV) venv --quiet --clear .tools/bench
	$(UV) pip install --quiet --python .tools/bench --group bench
	touch $@
