# Needs Python 3.11 or newer and git; everything else is installed into .venv and web/node_modules.
# All paths are relative, so that a checkout below "Мои проекты" works: make itself cannot take spaces in targets.

# Without compiled files every start would take seconds more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run web test quick e2e bench lock format clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: web ## Install what is missing, start everything on http://127.0.0.1:8000 (PORT, HOST, ARTEL_DATA_DIR)
	@# A killed make (kill -9) must take the server with it; see the file's own words.
	@exec .venv/bin/python -I -S src/artel/store/embedded/exec_child.py $$PPID 15 -1 -1 . .venv/bin/artel serve

web: ## Build the page into web/dist
	@scripts/install.sh run
	@scripts/web.sh build

test: ## Every check and every test, with its own servers
	@scripts/install.sh test
	@scripts/chromium.sh
	@scripts/pgbouncer.sh
	@scripts/promtool.sh
	@scripts/kubectl.sh
	@scripts/test.sh

quick: ## Lint, types where they can have changed, and unit tests, in less than a minute
	@scripts/install.sh test
	@scripts/quick.sh

e2e: ## The tests that drive the page in a browser
	@scripts/install.sh test
	@scripts/chromium.sh
	@scripts/web.sh build
	@.venv/bin/pytest tests/e2e

bench: ## Measure what is promised, against a scripted model; results go to bench/results
	@scripts/install.sh test
	@scripts/web.sh build
	@.venv/bin/python -m bench.run_all

lock: ## Pin all packages anew after a change of pyproject.toml
	@scripts/install.sh test
	@scripts/lock.sh

format: ## Put the code into its usual form
	@scripts/install.sh test
	@.venv/bin/ruff check --fix --quiet; .venv/bin/ruff format --quiet

clean: ## Remove what was installed and built; data in .artel stays
	rm -rf .venv .cache web/node_modules web/dist
