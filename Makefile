# Everything one does with Switchyard; `make help` lists it. ARGS="..." is handed on to what is run.
# What is installed is remembered in stamps that depend on the lock files, so a second start installs nothing.

BIN     := .venv/bin
RUNTIME := .venv/.runtime
DEV     := .venv/.dev
OTEL    := .venv/.otel
MYPYC   := .venv/.mypyc
TOOLS   := .venv/.tools
NODE    := tests/clients/node tests/clients/portkey
MODULES := $(NODE:%=%/node_modules/.package-lock.json)
NAMES   := python3.11 python3.12 python3.13 python3
PIP     := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK    := $(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

# Bytecode is kept, whatever the shell's environment says: without it each start compiles all files anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev otel compiled run check test matrix node bench bench-dialects bench-money bench-desk bench-vectors simulate pictures soak lock clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(RUNTIME)  ## what `make run` needs, in .venv

otel: $(OTEL)  ## what `telemetry.otel` needs beside that: traces and metrics for an OpenTelemetry collector

compiled: $(MYPYC)  ## what nearly every call runs, as machine code in compiled/; proxy.py takes it (six minutes)
	@$(BIN)/python -m compiling

setup-dev: $(RUNTIME) $(DEV) $(TOOLS)  ## what `make test` needs

run: $(RUNTIME)  ## serve config.yaml, on 127.0.0.1:8080 unless it says otherwise
	@exec $(BIN)/python proxy.py --config config.yaml $(ARGS)

check: $(DEV)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: setup-dev node check compiled  ## all checks and tests; the pure folders must be covered, every branch of them
	$(BIN)/python -m tests.parts $(ARGS)
	$(BIN)/coverage report --skip-covered --fail-under=100

matrix: setup-dev  ## write down what the tests show of each dialect, in the README and for `proxy.py dialects`
	$(BIN)/python -m tests.matrix

node: $(MODULES)  ## the official Node client and a Portkey gateway, for the tests

bench: compiled  ## how we compare with nginx on this machine, in less than seven minutes
	$(BIN)/python -m bench $(ARGS)

bench-dialects: compiled  ## what translated streams cost, beside nginx and beside OpenAI's own bytes
	$(BIN)/python -m bench --dialects $(ARGS)

bench-money: compiled  ## what budgets, limits and the ledger cost
	$(BIN)/python -m bench --money $(ARGS)

bench-desk: $(RUNTIME)  ## what operators' pages, events and kept answers cost, in a large house (eight minutes)
	$(BIN)/python -m bench.desk $(ARGS)

bench-vectors: $(RUNTIME) $(DEV)  ## how long a look for the nearest question takes, in a process and in Redis (half an hour on a free machine)
	$(BIN)/python -m bench.vectors $(ARGS)

simulate: $(RUNTIME)  ## all strategies on paper, and the picture in docs/, in a minute
	$(BIN)/python -m bench.simulate --out docs/simulation.svg $(ARGS)

pictures: setup-dev  ## the pictures of the operators' pages in docs/, of a house with a month behind it (five minutes)
	$(BIN)/python -m tests.pictures $(ARGS)

soak: $(RUNTIME)  ## SECONDS=60 of full load, then a look for leaks
	$(BIN)/python -m bench.soak --seconds $(or $(SECONDS),60) $(ARGS)

lock: $(BIN)/uv  ## renew the lock files; ARGS=--upgrade takes newer versions
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) -c requirements.txt requirements-otel.in -o requirements-otel.txt
	$(LOCK) $(ARGS) -c requirements.txt requirements-compiled.in -o requirements-compiled.txt
	$(LOCK) $(ARGS) -c requirements.txt -c requirements-compiled.txt requirements-dev.in -o requirements-dev.txt
	for folder in $(NODE); do (cd $$folder && npm install --package-lock-only --ignore-scripts --no-audit --no-fund) || exit 1; done

clean:  ## remove what was installed and cached; ./data stays
	rm -rf .venv compiled .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis $(NODE:%=%/node_modules)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian splits venv off; `import ensurepip` is what finds that out. An interpreter built with a profile, as distributions
# have it, spends a tenth less on a call than a plain build, as pyenv makes it unless told otherwise: it is preferred.
$(BIN)/python:
	@works() { command -v "$$1" >/dev/null && "$$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; \
	plain() { "$$1" -c 'from bench.tools import profiled; print(int(not profiled()))'; }; \
	all() { for name in $(NAMES); do (IFS=:; for folder in $$PATH; do [ ! -x "$$folder/$$name" ] || echo "$$folder/$$name"; done); done; }; \
	first() { \
	  if [ -n "$(PYTHON)" ] && works "$(PYTHON)"; then echo "$(PYTHON)"; return; fi; \
	  all | while read -r python; do ! works "$$python" || echo "$$(plain "$$python") $$python"; done | sort -s -n -k 1,1 | head -n 1 | cut -d ' ' -f 2-; \
	}; \
	python=$$(first); \
	if [ -z "$$python" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing with apt-get: python3 python3-venv"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv; \
	  python=$$(first); \
	fi; \
	if [ -z "$$python" ]; then \
	  echo "Switchyard needs Python 3.11 or newer with venv; on Debian and Ubuntu: sudo apt-get install python3 python3-venv"; exit 1; \
	fi; \
	"$$python" -m venv .venv || { rm -rf .venv; exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing what Switchyard needs into .venv"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(OTEL): requirements-otel.txt $(RUNTIME)
	@echo "Installing what OpenTelemetry needs into .venv"
	@$(PIP) install --require-hashes -r requirements-otel.txt
	@touch $@

# A compiler and Python's own headers, which Debian has in packages of their own.
$(MYPYC): requirements-compiled.txt $(RUNTIME)
	@missing=""; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	$(BIN)/python -c 'import os, sysconfig; os.stat(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null || missing="$$missing python3-dev"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing with apt-get, to compile:$$missing"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
	elif [ -n "$$missing" ]; then \
	  echo "What compiles is not installed; on Debian and Ubuntu: sudo apt-get install$$missing"; exit 1; \
	fi
	@echo "Installing what compiles into .venv"
	@$(PIP) install --require-hashes -r requirements-compiled.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing what the tests need into .venv"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(TOOLS): | $(BIN)/python
	@missing=""; \
	for pair in redis-server:redis-server node:nodejs npm:npm openssl:openssl chromium:chromium promtool:prometheus systemd-analyze:systemd; do \
	  command -v $${pair%%:*} >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="$$missing postgresql"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing with apt-get, for the tests:$$missing"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
	elif [ -n "$$missing" ]; then \
	  echo "The tests need programs that are not installed; on Debian and Ubuntu: sudo apt-get install$$missing"; exit 1; \
	fi
	@touch $@

$(MODULES): %/node_modules/.package-lock.json: %/package-lock.json $(TOOLS)
	@echo "Installing what $* needs"
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(BIN)/uv: | $(BIN)/python
	@$(PIP) install uv
