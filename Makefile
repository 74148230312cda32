# Needs Python 3.11 to 3.13, git and make. Everything else comes from requirements.lock.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint types contracts check bench-data bench-data-big env lock clean

demo: env            ## a real year of flights, from files to a watched, retrained, gated model
	$(BIN)/trimtab demo flights

test: env            ## every test, with the docstrings' examples
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal  # workers are the threads

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

contracts: env       ## the layers of ARCHITECTURE.md
	$(BIN)/lint-imports

check: lint types contracts test

bench-data: env | $(UV) ## profiles, drift, checks and MMD beside their peers: docs/benchmarks/data.md
	UV="$(UV)" $(BIN)/python -m benchmarks.data --out docs/benchmarks

bench-data-big: env  ## the profile of 100 million rows: some GB of disk, and minutes
	$(BIN)/python -m benchmarks.data --tasks memory --repeats 3 --out docs/benchmarks

env: $(READY)

$(READY): requirements.lock pyproject.toml | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --target .uv uv

lock: | $(UV)        ## resolve again, with hashes, without the name of any index and without the extra `deep`
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	  --extra demo --extra postgres --group dev --python-version 3.11 pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .uv .bench
