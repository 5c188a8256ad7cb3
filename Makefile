# Each target makes .venv where there is none, and installs again only when setup.cfg or pyproject.toml has changed.
# PYTHON=/path/to/python3.13 names the Python to use; TESTS="tests/maps -k legend" chooses tests,
# SECONDS=60 how long to fuzz, SIZE=L what alone is measured beside other engines.

VENV := .venv
BIN := $(VENV)/bin
CACHE := .cache
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python3.14 python3.15)
DEMO := demo
TESTS :=
SECONDS := 660

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench catalogues fuzz wheels lowest clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: $(VENV)/installed ## Build the SYNTHETIC demonstration in ./demo
	@rm -rf $(DEMO)/registry.gpkg $(DEMO)/stats.json $(DEMO)/map.html $(DEMO)/sources
	$(BIN)/minefield-registry demo $(DEMO)

test: $(VENV)/installed-test ## Run the tests
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(TESTS)

lint: $(VENV)/installed-test ## Check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed-test ## Check types
	$(BIN)/mypy

bench: $(VENV)/installed-test $(CACHE)/peer/installed ## Measure beside other engines, into docs/performance.md
ifdef SIZE
	$(BIN)/python tests/benchmarks/peers.py --peer-python $(CACHE)/peer/bin/python --sizes $(SIZE)
else
	$(BIN)/python tests/benchmarks/peers.py --peer-python $(CACHE)/peer/bin/python
	$(BIN)/python tests/benchmarks/bosnia.py --peer-python $(CACHE)/peer/bin/python
	$(BIN)/python tests/benchmarks/where.py
	$(BIN)/python tests/benchmarks/areas.py
	$(BIN)/python tests/benchmarks/estimates.py
	$(BIN)/python tests/benchmarks/imports.py --peer-python $(CACHE)/peer/bin/python
	$(BIN)/python tests/benchmarks/rows.py
	$(BIN)/python tests/benchmarks/webmap.py --peer-python $(CACHE)/peer/bin/python
endif

catalogues: $(VENV)/installed-test ## Bring the catalogues of the web map up to the texts of the code
	$(BIN)/python tests/catalogues.py

fuzz: $(CACHE)/fuzz/installed ## Fuzz the parsers for SECONDS (660); what breaks one is kept in tests/fuzz/seeds
	$(CACHE)/fuzz/bin/python tests/fuzz/run.py --seconds $(SECONDS)

wheels: $(CACHE)/tools/installed ## Check that wheels alone are enough, into docs/installation.md
	$(CACHE)/tools/bin/python .ci/check_wheels.py

lowest: $(CACHE)/tools/installed ## Run the tests with the lowest versions that setup.cfg allows
	.ci/lowest $(CACHE)/tools/bin/uv $(TESTS)

clean: ## Remove the environments, caches and builds
	rm -rf $(VENV) $(CACHE) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: setup.cfg pyproject.toml | $(VENV)/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast]'
	@touch $@

$(VENV)/installed-test: setup.cfg pyproject.toml | $(VENV)/made
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fast,cluster,test]'
	@touch $@ $(VENV)/installed

$(CACHE)/tools/installed: | $(VENV)/made
	$(BIN)/python -m venv --clear $(CACHE)/tools
	$(CACHE)/tools/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip packaging uv
	@touch $@

# Atheris has wheels for Linux and macOS alone, so it is no part of what the tests need.
$(CACHE)/fuzz/installed: setup.cfg pyproject.toml | $(VENV)/made
	$(BIN)/python -m venv --clear $(CACHE)/fuzz
	$(CACHE)/fuzz/bin/python -m pip install --quiet --disable-pip-version-check atheris --editable .
	@touch $@

# The engines that ours is measured beside; explore() of geopandas draws with folium, mapclassify and matplotlib.
$(CACHE)/peer/installed: | $(VENV)/made
	$(BIN)/python -m venv --clear $(CACHE)/peer
	$(CACHE)/peer/bin/python -m pip install --quiet --disable-pip-version-check geopandas folium mapclassify matplotlib \
		duckdb duckdb-extension-spatial sedonadb geoarrow-pyarrow pyarrow 'psycopg[binary]'
	@touch $@

$(VENV)/made:
	@VENV=$(VENV) sh .ci/make-venv $(PYTHONS)
	@touch $@
