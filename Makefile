# Every target sets up what it needs in .venv: Python >= 3.11, make and a package index are enough.

VENV  := .venv
PY    := $(VENV)/bin/python
READY := $(VENV)/.ready
CODE  := ledger commands projections migrations tests
DAYS  := 400 -400
GROW  := 20000
# The tests have a DAYS of their own, and make hands on what is written on its line.
unexport DAYS

.PHONY: help demo test test-days check bench bench-quick bench-grow fuzz lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: $(READY) ## play a contract from signing to the last payment
	$(VENV)/bin/mledger demo

test: $(READY) ## every test but the slow ones
	$(PY) -m pytest -n auto -q -m "not slow"

test-days: $(READY) ## the same with the clock 400 days on and back (DAYS=…, PART="files")
	$(PY) -m tests.days $(DAYS) -- -n auto -q -m "not slow" $(PART)

check: $(READY) ## style, types, import directions, generated reference pages, commands that pages name
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -q tests/test_import_directions.py tests/test_pages.py -k "directions or circle or long or fence or names"
	$(PY) -m commands.reference --check

bench: $(READY) ## all benchmarks
	$(PY) -m tests.benchmarks

bench-quick: $(READY) ## the benchmarks, small
	$(PY) -m tests.benchmarks --quick

bench-grow: $(READY) ## every command on 2,000 contracts and on 20,000 (GROW=60000: 3 M events, an hour)
	$(PY) -m tests.benchmarks --grow $(GROW)

fuzz: $(READY) ## slow tests, and every property with many random examples
	HYPOTHESIS_PROFILE=fuzz $(PY) -m pytest -n auto -q -m "slow or hypothesis"

lock: ## resolve requirements.lock again (needs uv; add UPGRADE=--upgrade for newer versions)
	uv pip compile -q --universal --python-version 3.11 --extra postgres --extra test \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    $(UPGRADE) pyproject.toml -o requirements.lock >/dev/null

clean: ## remove the environment and what the tools leave behind
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A python3 may be too old, or a launcher with nothing behind it, so each candidate is asked. uv is
# used where it is on PATH; it does not read pip's configuration, so if it cannot install, pip does.
$(READY): requirements.lock pyproject.toml
	@set -e; \
	recent='import sys; sys.exit(sys.version_info < (3, 11))'; \
	lock='--require-hashes -r requirements.lock'; self='--no-deps --no-build-isolation -e .'; \
	if ! $(PY) -c "$$recent" 2>/dev/null; then \
	    rm -rf $(VENV); python=; \
	    for name in python3.13 python3.12 python3.11 python3; do \
	        if $$name -c "$$recent" 2>/dev/null; then python=$$name; break; fi; \
	    done; \
	    if [ -z "$$python" ]; then \
	        echo 'Missing: Python 3.11 or newer (tried python3.13, python3.12, python3.11, python3).' >&2; \
	        echo 'Install one, put it on PATH and run make again.' >&2; exit 1; \
	    fi; \
	    echo "Setting up $(VENV) with $$($$python --version)"; \
	    if command -v uv >/dev/null; then uv venv -q --python "$$python" $(VENV); \
	    elif ! $$python -m venv $(VENV); then \
	        rm -rf $(VENV); \
	        echo "Missing: the venv module of $$python (on Debian: apt-get install python3-venv)." >&2; exit 1; \
	    fi; \
	fi; \
	if ! { command -v uv >/dev/null \
	    && uv pip install -q --python $(PY) $$lock && uv pip install -q --python $(PY) $$self; }; then \
	    $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
	    pip="$(PY) -m pip --no-input --disable-pip-version-check"; \
	    $$pip install -q $$lock; $$pip install -q $$self; \
	fi; \
	touch $(READY)
