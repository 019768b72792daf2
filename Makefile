# Everything a person or a CI job types; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEEDS ?=
SHEETS ?=
TEXTS ?=

.DEFAULT_GOAL := help
.PHONY: help demo stats test test-full browser picture lint types bench model encoder evaluate bundle lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

# A stamp per set of files: the environment is made again when the lock changes.
$(VENV)/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tensions needs Python 3.11 or later: make PYTHON=python3.12 demo")'
	@echo 'Installing in $(VENV) (about 900 MB, a few minutes the first time)' >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.installed  ## install, then analyse the demo corpus
	@$(BIN)/tensions analyse corpora/demo --quotes 3

stats: $(VENV)/.installed  ## the statistics of the demo corpus again, in corpora/demo/statistics.json
	@mkdir -p dist
	@$(BIN)/tensions analyse corpora/demo --by document --format json --quiet --output dist/statistics.json
	@test ! -f corpora/demo/statistics.json || $(BIN)/tensions diff corpora/demo/statistics.json dist/statistics.json || true
	@install -m 644 dist/statistics.json corpora/demo/statistics.json

test: $(VENV)/.installed  ## the tests that need nothing but Python
	$(BIN)/python -m pytest -m 'not full'

test-full: $(VENV)/.installed  ## the rest: wheel, bundle, training again, model quality
	$(BIN)/python -m pytest -m full

browser:  ## install Debian's Chromium, in which `make test-full` opens the report (root; nothing to do if it is there)
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)

lint: $(VENV)/.installed  ## style (ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed  ## types (mypy, strict on src)
	$(BIN)/mypy

bench: $(VENV)/.installed  ## every table of benchmarks/README.md; a large corpus of yours (SHEETS=folder), cleaning (SEEDS=folder)
	@status=0; for table in speed fine 'large $(SHEETS)' ablation hostile pseudonyms coverage $(if $(SEEDS),'cleaning --seeds $(SEEDS)'); do \
		set -- $$table; script=$$1; shift; \
		printf '\n## %s\n\n' "$$script"; $(BIN)/python benchmarks/$$script.py "$$@" || status=1; \
	done; exit $$status

model: $(VENV)/.installed  ## train models/standard and models/fine from corpora/annotated (twenty minutes)
	$(BIN)/tensions model train corpora/annotated --output models/standard
	$(BIN)/tensions model train corpora/annotated --output models/fine --encoder distilled --encoder e5

picture: $(VENV)/.installed  ## docs/report.png: the top of the demo report, as Chromium shows it
	@mkdir -p dist
	$(BIN)/tensions report corpora/demo --mask-under 0 --quiet -o dist/rapport.html
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1280,2100 \
		--screenshot=docs/report.png dist/rapport.html

encoder: $(VENV)/.installed  ## distil the encoder again (TEXTS=folder of the open texts its card names; hours)
	$(if $(TEXTS),,$(error make encoder TEXTS=folder, see models/encoder/distilled/README.md))
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'torch>=2.4'
	$(BIN)/python -m tensions_cli.training.encoder $(TEXTS) models/encoder/distilled --teacher $(TEXTS)/teacher.npy

evaluate: $(VENV)/.installed  ## figures of the shipped model, agreement of the coders
	$(BIN)/tensions model show standard
	$(BIN)/tensions model show fine
	$(BIN)/python benchmarks/agreement.py

bundle: $(VENV)/.installed  ## wheels for a machine without network, in dist/bundle
	rm -rf dist/bundle
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist/bundle .
	$(BIN)/python -m pip wheel --quiet --require-hashes --wheel-dir dist/bundle -r requirements-run.lock
	@echo "dist/bundle: copy it, then: python3 -m pip install --no-index --find-links dist/bundle tensions-cli"

clean:  ## remove the environment and what was built
	rm -rf $(VENV) dist build

lock: $(VENV)/.installed  ## resolve requirements.lock and requirements-run.lock again (installs uv)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade $(LOCK_OPTIONS) pyproject.toml -o requirements-run.lock
	$(BIN)/uv pip compile --quiet --upgrade $(LOCK_OPTIONS) pyproject.toml --group dev -o requirements.lock

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links
