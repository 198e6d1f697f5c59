# Two commands matter: `make run` and `make test`. Everything they need is installed by the stamp files below,
# once, and again only when a lock file changes.

VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ── what people do ──────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: run
run: system-run assets ## Start everything on this machine; Ctrl-C stops it
	@exec $(BIN)/python -m deploy.local.run

.PHONY: restart
restart: system-run assets ## Replace the services that run by new ones, copy by copy; nobody is interrupted
	@test -e $${COUSU_RUN_FOLDER:-.run}/lock && ! flock --nonblock $${COUSU_RUN_FOLDER:-.run}/lock true \
		|| { echo "Cousu-main does not run from this folder." >&2; exit 1; }
	@kill -HUP "$$(cat $${COUSU_RUN_FOLDER:-.run}/lock)" && echo "They are being replaced; make run says when all are."

.PHONY: demo
demo: system-run $(VENV)/.ready node_modules/.ready ## Tell one request's whole life in the terminal
	@exec $(BIN)/cousu-main demo life

.PHONY: test
test: system-test assets lint types ## Check style and types, then run every test
	@exec $(BIN)/pytest --numprocesses=3

.PHONY: faults
faults: system-test assets ## Kill, cut, wipe and lie for three minutes; FAULTS='--seconds 3600 --seed 7' for more
	@exec $(BIN)/python -m tests.faults --seconds 180 $(FAULTS)

.PHONY: teeth
teeth: system-test assets ## Take one protection away after the other: the faults must show it; TEETH='--list' for which
	@exec $(BIN)/python -m tests.faults.teeth $(TEETH)

.PHONY: bench
bench: system-run assets build/bench/.ready ## Measure it beside others, more than two hours; BENCH='--only hop --repeat 3 --quick' for less
	@exec $(BIN)/python -m tests.bench $(BENCH)

.PHONY: audit
audit: build/audit/.ready node_modules/.ready ## Ask the advisory databases of PyPI and npm about every dependency
	build/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner=off \
		--requirement requirements.lock --requirement tests/bench/requirements.lock --requirement deploy/audit/requirements.lock
	npm audit

.PHONY: lint
lint: $(VENV)/.ready ## Style, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

.PHONY: types
types: $(VENV)/.ready ## Types, strictly
	$(BIN)/mypy

.PHONY: docs
docs: $(VENV)/.ready ## Write the documents for programs (OpenAPI, AsyncAPI) again
	$(BIN)/python -m deploy.describe

.PHONY: lock
lock: $(VENV)/.ready ## Choose the newest allowed versions again, with their hashes
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra demo --group dev --universal --python-version 3.11 --generate-hashes \
		--no-annotate --upgrade --custom-compile-command "make lock" --quiet --output-file requirements.lock
	$(BIN)/uv pip compile tests/bench/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-annotate --upgrade --custom-compile-command "make lock" --quiet --output-file tests/bench/requirements.lock
	$(BIN)/uv pip compile deploy/audit/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-annotate --upgrade --custom-compile-command "make lock" --quiet --output-file deploy/audit/requirements.lock
	npm update --package-lock-only --ignore-scripts
	@node -e 'const fs = require("fs"), file = "package-lock.json", lock = JSON.parse(fs.readFileSync(file)); for (const one of Object.values(lock.packages)) delete one.funding; fs.writeFileSync(file, JSON.stringify(lock, null, 2) + "\n")'  # funding: addresses, of no use here

.PHONY: clean
clean: ## Remove everything that was made here: data, logs, environments, caches
	@test ! -e .run/lock || flock --nonblock .run/lock true \
		|| { echo "Cousu-main is running from this folder. Stop it with Ctrl-C first." >&2; exit 1; }
	@test ! -L .run/postgres/elsewhere || rm -rf "$$(readlink .run/postgres/elsewhere)"
	rm -rf .run $(VENV) node_modules build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── what it takes ───────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: system-run system-test
system-run:
	@deploy/local/system_packages.sh run
system-test:
	@deploy/local/system_packages.sh test

$(VENV)/.ready: requirements.lock pyproject.toml
	@python=$$(deploy/local/find_python.sh) && { test -x $(BIN)/python || $$python -m venv $(VENV); }
	@echo "Installing Python packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

build/bench/.ready: tests/bench/requirements.lock
	@python=$$(deploy/local/find_python.sh) && { test -x build/bench/bin/python || $$python -m venv build/bench; }
	@echo "Installing those who are measured beside us"
	@build/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

build/audit/.ready: deploy/audit/requirements.lock
	@python=$$(deploy/local/find_python.sh) && { test -x build/audit/bin/python || $$python -m venv build/audit; }
	@echo "Installing the audit"
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

.PHONY: assets
assets: $(VENV)/.ready node_modules/.ready
	@$(BIN)/python -m shared.web.assets > /dev/null

node_modules/.ready: package.json package-lock.json
	@echo "Installing npm packages"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
