# Every target works from a fresh clone: `setup` needs only Python 3.11 to 3.13 and a network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PORT ?= 8765

.DEFAULT_GOAL := help
.PHONY: help setup demo test marathon truth population installs fresh attack bench soak chaos pictures lint format docs constraints clean

help: ## Show the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
	@echo
	@echo 'Variables: PYTHON=/path/to/python3.12   PORT=8766 for make demo'

setup: $(STAMP) ## Make .venv/bin/batchbot ready.

$(STAMP): pyproject.toml deploy/constraints.txt
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); sys.exit(0 if ok else "batchbot needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/one")'
	@echo 'Installing the pinned packages into $(VENV): about a minute, once.'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup ## Run the incident, a local Slack workspace and the bot on one machine.
	$(BIN)/batchbot demo --port $(PORT)

test: setup ## Run the test suite.
	$(BIN)/pytest -n 2 --dist worksteal -m 'not marathon'

# They wait for half of their time, so that a third process has work for two cores; and only files
# that hold one are imported.
LONG = $$(grep -rl --include='test_*.py' 'pytest\.mark\.marathon' tests)
marathon: setup ## Run the tests that take long: kills, populations, installations, screens.
	$(BIN)/pytest -n 3 --dist worksteal $(LONG) -m marathon

truth: setup ## Judge what the bot says of a day whose truth is known: make truth DAY=folder.
	@test -n "$(DAY)" || { echo 'Give a folder with logs, rows and truth.json: make truth DAY=/path/to/day'; exit 2; }
	$(BIN)/python -m tests.truth "$(DAY)"

population: setup ## Judge 2,400 healthy batches, every fault and an outsider's cases, and print the tables.
	$(BIN)/python -m tests.population

installs: setup ## Try what real installations do on real parts, and print both tables.
	$(BIN)/python -m tests.installs

fresh: setup ## Walk from the README to an alert on a fresh Engine, and run the unit under systemd.
	$(BIN)/python -m tests.fresh
	$(BIN)/python -m tests.fresh.unit

bench: setup ## Measure speed and memory, and write tests/benchmarks/RESULTS.md.
	$(BIN)/python -m tests.benchmarks

soak: setup ## Tick through 24 hours in minutes, two replicas, and print what grew.
	$(BIN)/python -m tests.benchmarks --only soak

attack: setup ## Carry the outsider's corpus through every way out, and try everybody's rights.
	$(BIN)/python -m tests.attack
	$(BIN)/python -m tests.rights

chaos: setup ## Kill replicas, break Slack and every source, and print what was kept.
	$(BIN)/python -m tests.chaos

pictures: setup ## Take the README's pictures from a running demo (needs Debian's chromium).
	$(BIN)/python -m tests.browser.pictures

lint: setup ## Check style, types and import direction.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Format the code.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Write the tables of commands, detectors and metrics and deploy/slack-manifest.yaml.
	$(BIN)/python -m bot.docs

PINNED = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
PIN = uv pip compile pyproject.toml $(PINNED)
PIN_BUILD = echo 'hatchling>=1.27' | uv pip compile - $(PINNED)

constraints: ## Pin every dependency with hashes (needs uv).
	$(PIN) --all-extras --group dev -o deploy/constraints.txt
	$(PIN) --extra kafka -c deploy/constraints.txt -o deploy/constraints-runtime.txt
	$(PIN) --extra kafka --extra charts -c deploy/constraints.txt -o deploy/constraints-charts.txt
	$(PIN_BUILD) -c deploy/constraints.txt -o deploy/constraints-build.txt

clean: ## Remove what the other targets made.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
