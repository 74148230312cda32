# Needs Python 3.11 to 3.13, git and make. Everything else comes from requirements.lock.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint types contracts check env lock clean

demo: env            ## a real year of flights, from files to a watched, retrained, gated model
	$(BIN)/trimtab demo flights

test: env            ## every test, with the docstrings' examples
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

contracts: env       ## the layers of ARCHITECTURE.md
	$(BIN)/lint-imports

check: lint types contracts test

env: $(READY)

$(READY): requirements.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --target .uv uv

lock: | $(UV)        ## resolve again, with hashes and without the name of any index
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --all-extras --group dev --python-version 3.11 pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .uv
