# Needs Python 3.11 or newer and make; everything else is installed into .venv.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help setup demo demo-reset test lint style types arrow migrations messages format lock clean

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
export PORT
# Certificates of the machine, not uv's own list: a company's mirror is signed by the company.
export UV_SYSTEM_CERTS ?= true
# One process for each core; what shares a server or a browser stays together (tests/conftest.py).
PYTEST := $(PY) -m pytest -q -n auto --dist loadgroup

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "make %-13s %s\n", $$1, $$2}'

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (or say make PYTHON=/path/to/python3)" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment: install its venv module (python3-venv)" >&2; exit 1; }

# uv comes first because it installs the rest ten times faster; pip does the same where it does not run.
define install
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
		-r requirements-tools.txt 2>/dev/null || true
	@$(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes --only-binary :all: -r $(1) 2>/dev/null \
		|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $(1)
endef

$(VENV)/.runtime: requirements.txt requirements-tools.txt | $(PY)
	@echo "Installing what the portal needs ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what its tests need ..."
	$(call install,requirements-dev.txt)
	@touch $@

TEXTS := $(wildcard prm/locale/*/LC_MESSAGES/django.po)

$(VENV)/.texts: $(TEXTS) $(VENV)/.runtime
	@$(VENV)/bin/pybabel --quiet compile --directory prm/locale --domain django
	@touch $@

setup: $(VENV)/.development $(VENV)/.texts ## install everything, change nothing else

demo: $(VENV)/.runtime $(VENV)/.texts ## the demo company on http://127.0.0.1:8000 (PORT=…)
	@$(PY) -m prm.config.envfile
	@exec $(PY) manage.py demo

demo-reset: $(VENV)/.runtime $(VENV)/.texts ## the same from the beginning: throws the embedded database away
	@$(PY) -m prm.config.envfile
	@exec $(PY) manage.py demo --reset

test: $(VENV)/.development $(VENV)/.texts ## all tests: embedded, then PostgreSQL and Redis where TEST_DATABASE_URL and TEST_REDIS_URL say so
ifeq ($(TEST_DATABASE_URL)$(TEST_REDIS_URL),)
	$(PYTEST) --junit-xml=artefacts/tests-embedded.xml
else
	@# Both, whatever the first one says: one run tells all that is wrong.
	env -u TEST_DATABASE_URL -u TEST_REDIS_URL $(PYTEST) --shape embedded --junit-xml=artefacts/tests-embedded.xml; \
		embedded=$$?; $(PYTEST) --shape server --junit-xml=artefacts/tests-server.xml && exit $$embedded
endif

lint: style types arrow migrations ## style, types, the arrow of imports, migrations that are missing (-k: all of them)

style: $(VENV)/.development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.development
	$(VENV)/bin/mypy

arrow: $(VENV)/.development
	$(VENV)/bin/lint-imports --no-cache

migrations: $(VENV)/.development
	ENV_FILE= DEBUG=on $(PY) manage.py makemigrations --check --dry-run
	ENV_FILE= DEBUG=on $(PY) manage.py check --fail-level WARNING

messages: $(VENV)/.runtime ## gather the texts of all languages anew (needs GNU gettext)
	@# Left out: the tests' own module.  No places: they would change with every line.
	ENV_FILE= DEBUG=on $(PY) manage.py makemessages --all --no-location --no-wrap --no-obsolete -v0 \
		--ignore=.venv --ignore=var --ignore=artefacts --ignore=staticfiles --ignore=tests

format: $(VENV)/.development ## let ruff write it
	$(VENV)/bin/ruff check --fix --quiet . || true
	$(VENV)/bin/ruff format .

UV_LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: $(VENV)/.runtime ## write the locks anew from pyproject.toml (LOCK=--upgrade takes newer versions)
	$(UV_LOCK) $(LOCK) pyproject.toml -o requirements.txt
	$(UV_LOCK) $(LOCK) pyproject.toml -c requirements.txt --group dev -o requirements-dev.txt
	$(UV_LOCK) $(LOCK) --group tools -o requirements-tools.txt

clean: ## remove what the tests and builds made, but neither .venv nor the demo's database
	rm -rf staticfiles artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis var/test-* var/live-*
