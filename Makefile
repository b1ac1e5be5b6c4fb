# make verify    run the ledger of claims
# make test      run the fast tests           (EXTRAS=all,test TORCH=2.13.0 is what the CI runs)
# make test-slow run the slow tests
# make lint      ruff, mypy --strict, import-linter
# make docs      build the documentation into site/
# make clean     remove everything that was built, .venv included
#
# Works with GNU make 3.81. Each set of extras has its own stamp file in .venv, written last and older than no
# pyproject.toml; the installations add up, so the targets may be made in any order.

PYTHON ?= python3
EXTRAS ?= test
TORCH ?=
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq
PYTEST := $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

comma := ,
stamp = $(VENV)/.installed-$(subst $(comma),-,$(1))
TORCH_STAMP := $(if $(TORCH),$(VENV)/.torch-$(TORCH))

.PHONY: help verify test test-slow lint docs clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@sed -n '1,6s/^# //p' Makefile

verify: $(call stamp,base)
	$(BIN)/varproof verify

test: $(call stamp,$(EXTRAS))
	$(PYTEST)

test-slow: $(call stamp,$(EXTRAS))
	$(PYTEST) -m slow

lint: $(call stamp,test)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(call stamp,docs)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find varproof reductions tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null 2>&1 || \
	  { echo "error: $(PYTHON) not found: install Python 3.11 or newer, or name one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than Python 3.11: name a newer one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' >/dev/null 2>&1 || \
	  { echo "error: $(PYTHON) has no venv module: install it (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

ifneq ($(TORCH),)
$(TORCH_STAMP): $(VENV)/.created
	$(PIP) torch==$(TORCH)
	@touch $@
endif

$(VENV)/.installed-base: pyproject.toml $(VENV)/.created
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(VENV)/.created $(TORCH_STAMP)
	$(PIP) -e '.[$(subst -,$(comma),$*)]'
	@touch $@
