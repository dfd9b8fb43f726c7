# Everything a developer or operator starts. A fresh machine needs Python 3.11 or newer, make and git.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Compiled modules make every service start twice as fast.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up dev test verify check format bench docs lock clean

demo: $(READY) ## a believable company on local stand-ins of the providers, with every service
	$(BIN)/dnsinv demo

up: $(READY) ## the same services on your own settings
	$(BIN)/dnsinv up

dev: $(READY) ## up, and services start anew when code changes
	$(BIN)/dnsinv up --reload

test: $(READY) ## what CI runs
	$(BIN)/pytest -m "not verify" -n 2 --dist worksteal

verify: $(READY) ## every scenario in full: takes long
	$(BIN)/pytest -m verify -n 2 --dist worksteal -o faulthandler_timeout=3600

check: $(READY) ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## every floor as a ratio against a bare reference
	$(BIN)/python -m bench

docs: $(READY) ## the columns in docs/datasets.md anew from the schemas
	$(BIN)/python -m dnsinv.lake.describe docs/datasets.md

lock: ## requirements.lock anew from pyproject.toml; needs uv on the PATH
	uv pip compile pyproject.toml --extra dev --extra postgres --generate-hashes --no-strip-extras \
		--python-version 3.11 --no-header --no-emit-index-url --upgrade --output-file requirements.lock

clean: ## the environment and everything generated, but never data/
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "DNS Inventory needs Python 3.11 or newer; name it: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
