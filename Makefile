# run     install into .venv and serve the demonstration (zones/, four simulated sites) on 127.0.0.1:5300
# test    install what the tests need (Debian packages too, when root) and run everything
# native  build the native engine into .venv; needs cargo, without it there is the Python engine
# lint    ruff, mypy, import floors; rustfmt and clippy where cargo is
# bench   speed on one core beside the peers
# fuzz    packets, plans and both engines, SECONDS each; needs nightly Rust and cargo-fuzz (core/fuzz/README.md)
PYTHON ?= python3
BIN := .venv/bin
# What the native engine is made of: it is built again when any of it changes.
CORE := $(shell find core -name target -prune -o -path core/fuzz -prune -o \( -name '*.rs' -o -name '*.toml' -o -name Cargo.lock -o -name '*.py' -o -name '*.pyi' \) -print)

.PHONY: run test test-packages native lint bench fuzz docs clean
run: .venv/run
	@$(MAKE) --no-print-directory .venv/native || echo "the native engine cannot be built, see above: the Python engine answers" >&2
	@$(BIN)/python -m gslb demo

test:
	@$(MAKE) --no-print-directory -j2 --output-sync=line .venv/dev test-packages
	@$(MAKE) --no-print-directory -j2 --output-sync=line .venv/native lint
	@deploy/native-engine test .venv
	@$(BIN)/python -m pytest -n auto

test-packages:
	@deploy/test-packages

native: .venv/native

lint: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@deploy/native-engine lint

bench: .venv/dev .venv/native
	@$(BIN)/python bench/run.py

SECONDS ?= 60
fuzz: .venv/dev
	@$(BIN)/python -m gslb.testing.twin.reference --seeds core/fuzz/corpus/twin
	@mkdir -p core/fuzz/corpus/packet && cp -u core/fuzz/corpus/twin/* core/fuzz/corpus/packet
	@cd core && cargo +nightly fuzz run packet -- -max_total_time=$(SECONDS) -max_len=2000
	@cd core && cargo +nightly fuzz run plan -- -max_total_time=$(SECONDS) -max_len=4000 -len_control=0
	@cd core && cargo +nightly fuzz run twin -- -max_total_time=$(SECONDS) -max_len=2000

.venv/run: pyproject.toml requirements-run.lock
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

.venv/native: $(CORE) requirements-native.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@deploy/native-engine build .venv

clean:
	rm -rf .venv build dist state core/target
