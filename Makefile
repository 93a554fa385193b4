# run    install into .venv and serve the demonstration (zones/, four simulated sites) on 127.0.0.1:5300
# test   install what the tests need (Debian packages too, when root) and run everything
# lint   ruff, mypy, import floors
# bench  speed on one core beside the peers
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench docs clean
run: .venv/run
	@$(BIN)/python -m gslb demo

test: .venv/dev
	@deploy/test-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest

lint: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: .venv/dev
	@$(BIN)/python bench/run.py

.venv/run: pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-run.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev: pyproject.toml requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

clean:
	rm -rf .venv build dist state
