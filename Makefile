# `make help` lists what can be made.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test test-all lint format install system oracles browser lock sample clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install ## from nothing to the comparison: install, fetch the sample, reproduce, print the table
	dvc repro --pull
	bitscape table

test: install browser oracles ## the test suite (under 10 minutes on 2 cores), side by side
	python -m pytest -m "not slow" --numprocesses logical --maxprocesses 4 --no-loadscope-reorder

test-all: install browser oracles ## the test suite with the slow tests: whole pipelines on the sample and on real photographs
	python -m pip install --quiet --disable-pip-version-check ranx==0.3.21  # an oracle of slow tests alone
	python -m pytest

lint: install ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

format: install ## let ruff mend what it can
	ruff check --fix .
	ruff format .

install: system $(VENV)/installed ## the virtual environment with the pinned requirements

$(VENV)/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	@sh .ci/requirements.sh $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

system: ## the system libraries that Open3D needs
	@sh .ci/system-libraries.sh

oracles: install ## what metrics are tested against; Fabric imports it where it is, so that each training starts later
	python -m pip install --quiet --disable-pip-version-check --no-deps torchmetrics==1.9.0

browser: ## a headless browser for the tests of the report
	@sh .ci/browser.sh

lock: install ## write requirements.txt anew from pyproject.toml
	pip-compile --quiet --strip-extras --extra dev --extra onnx --no-emit-options --no-header --annotation-style line --output-file requirements.txt pyproject.toml
	sed -i 's/^\(torch==[0-9.]*\)+cpu/\1/' requirements.txt

sample: install ## render the sample into data/, which must not exist, and its remote
	python -m bitscape.collection.sample data
	dvc add data
	dvc push data.dvc

clean: ## remove all results, keep the photographs and DVC's cache
	rm -rf artifacts metrics plots reports .scratch
