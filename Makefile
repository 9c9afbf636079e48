# `make` does what continuous integration does.  `make run` shows the product.
PYTHON ?= python3
BIN := .venv/bin
LAB ?= .lab

.PHONY: test lint types layers run bench clean

test: lint types layers
	$(BIN)/pytest

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

layers: .venv/ready
	$(BIN)/lint-imports

run: .venv/ready
	$(BIN)/python -m tests.lab run --dir $(LAB)

bench: .venv/ready
	$(BIN)/python -m tests.bench

# Debian ships Python without the part that makes virtual environments.
.venv/ready: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed; name it with: make PYTHON=...'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { test "$$(id -u)" = 0 && apt-get -qq update && apt-get -qq install -y python3-venv; } \
	  || { echo 'Please install python3-venv first: sudo apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
