# EchoSpine. Needs only Python 3.11 or newer, Node 20.19 or newer, and make.
#
#   make demo            examine the demo recordings, then open the workstation on http://127.0.0.1:8042
#   make demo SERVE=0    stop after the report
#   make check           the fast part of the tests: lint, types, the plan of the house, quick tests
#   make test            everything, real browser and DICOM peers included
#   make test LEARN=1    and what needs torch: how the network learns
#   make bench           measure, print and save the tables
#   make lock            renew the locked dependencies

PYTHON ?= python3
SERVE  ?= 1
LEARN  ?= 0
PORT   ?= 8042
BIN    := .venv/bin
STATIC := src/echospine/apps/server/static
WEB    := $(shell find web/src web/index.html web/public web/package.json web/vite.config.ts web/tsconfig.json -type f 2>/dev/null)
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo web check test bench lock format clean peers

demo: .venv/installed $(STATIC)/index.html
	$(BIN)/python examples/demo.py --serve $(SERVE) --port $(PORT)

web: $(STATIC)/index.html

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "EchoSpine needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.lock pyproject.toml
	$(PIP) install -qq --require-hashes -r requirements.lock
	$(PIP) install -qq --no-deps --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(PIP) install -qq --require-hashes -r requirements-dev.lock
	@touch $@

# torch for training; nothing that runs needs it.
.venv/installed-train: .venv/installed-dev
	$(PIP) install -qq --editable '.[train]'
	@touch $@

web/node_modules/installed: web/package.json web/package-lock.json
	@node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' || \
	  { echo "EchoSpine needs Node 20.19 or newer to build its web page"; exit 1; }
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(STATIC)/index.html: web/node_modules/installed $(WEB)
	cd web && npm run --silent build
	@touch $@

check: .venv/installed-dev web/node_modules/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web && npm run --silent check && npm run --silent test
	$(BIN)/pytest -q -n auto -m "not slow and not e2e and not interop"

test: .venv/installed-dev $(if $(filter 1,$(LEARN)),.venv/installed-train) $(STATIC)/index.html peers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web && npm run --silent check && npm run --silent test
	$(BIN)/pytest -n auto --dist loadgroup

# The real peers of the tests: a Chromium, dcmtk, dicom3tools, poppler. Says what to install where it cannot.
peers: .venv/installed-dev
	$(BIN)/python tools/install_peers.py

bench: .venv/installed-dev $(STATIC)/index.html
	$(BIN)/python -m benchmarks

lock: .venv/installed-dev
	$(BIN)/python tools/lock.py

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv web/node_modules $(STATIC) demo build dist
