# Every command a person or a script relies on. `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.PHONY: help run test nightly soak check bench golden lock ui
help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-8s %s\n", $$1, $$2}'

.venv/run.stamp: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ .venv/run.stamp

run: .venv/run.stamp  ## the sandbox vendors and the gateway on http://127.0.0.1:8000
	$(BIN)/python gateway.py serve --port $(PORT)

test: .venv/dev.stamp  ## the whole suite; needs nothing running beforehand
	$(BIN)/python -m pytest --numprocesses 2

nightly: .venv/dev.stamp  ## what takes longer: 20,000 made-up documents, every system under every fault, the contract
	NIGHTLY=1 DIFFERENTIAL_DOCUMENTS=20000 $(BIN)/python -m pytest --timeout 0 tests/execution/test_differential.py tests/specs/test_resilience.py tests/contracts
	NIGHTLY=1 $(BIN)/python -m pytest --timeout 0 -s tests/specs/test_storm.py

soak: .venv/dev.stamp  ## six minutes of 200 requests a second at a gateway whose vendors fail now and then
	$(BIN)/python -m tests.soak

check: .venv/dev.stamp  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

bench: .venv/dev.stamp  ## what the README's query costs over slow vendors, and what resilience costs a call
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.resilience

ui: .venv/run.stamp  ## build the GraphiQL console now; `make run` does it in the background
	$(BIN)/python -c "import asyncio, pathlib; from execution import console; asyncio.run(console.build(pathlib.Path('ui')))"
	@test -f ui/dist/index.html || { cat ui/dist/not-built.txt; exit 1; }

golden: .venv/dev.stamp  ## rewrite the golden files after an intended change
	GOLDEN_UPDATE=1 $(BIN)/python -m pytest tests/golden tests/contracts/test_documents.py

lock: .venv/dev.stamp  ## resolve requirements*.in again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements.in -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header requirements-dev.in -o requirements-dev.lock -c requirements.lock
