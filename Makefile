# The commands of the project; `make help` lists them. Needs Python 3.11+, git and make.
#
# Everything is installed into .venv from hash-locked lists. A stamp in .venv/.done says what is
# installed; it is older than its list when the list has changed.

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory
# Compiled files are kept, whatever the machine says: else each start of mis compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
JOBS ?= 4
DEMO_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
FAULT_SEED ?= 1
TAG ?=

venv := .venv
py := $(venv)/bin/python
done := $(venv)/.done
pip := $(py) -m pip --disable-pip-version-check
get := $(pip) install --no-deps --require-hashes --only-binary :all:
install := $(get) --quiet
or_say_why = || { echo "make: the installation failed; see above. Where the package index cannot be" \
	"reached, set PIP_INDEX_URL or PIP_FIND_LINKS to one that can." >&2; exit 1; }

.PHONY: help setup demo test lint format generate build smoke publish-dry-run e2e faults faults-ci bench-ci learn-ci fuzz fuzz-parsing audit bench bench-learning lock clean codex

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

setup: $(done)/dev codex ## install all that development needs

demo: $(done)/project codex ## see the main job on a sample repository; DEMO_ARGS=--yes asks nothing
	$(venv)/bin/mis demo $(DEMO_ARGS)

test: $(done)/test codex ## generated files are fresh, and all tests but the lanes below; PYTEST_ARGS="-k plans"
	$(py) scripts/generate.py --check
	$(py) -m pytest -n $(JOBS) --dist loadfile -m "not faults and not bench" $(PYTEST_ARGS)

lint: $(done)/dev ## ruff, basedpyright and the import contracts
	$(venv)/bin/ruff check .
	$(venv)/bin/ruff format --check .
	$(venv)/bin/lint-imports
	$(venv)/bin/basedpyright

format: $(done)/dev ## let ruff format and fix what it can
	$(venv)/bin/ruff format .
	$(venv)/bin/ruff check --fix .

generate: $(done)/project ## write the generated part of protocol/ anew
	$(py) scripts/generate.py

build: $(done)/test ## wheel and sdist in dist/, with their metadata checked
	rm -rf dist
	$(py) -m build --no-isolation --outdir dist .
	$(py) scripts/check_dist.py dist $(if $(TAG),--tag '$(TAG)')

smoke: build ## the wheel in an empty environment: mis --version, init, demo
	"$(PYTHON)" scripts/smoke.py dist

publish-dry-run: build $(done)/dev ## what publishing would upload; sends nothing
	$(venv)/bin/uv publish --dry-run --trusted-publishing never --token dry-run dist/*

e2e: $(done)/test codex ## only the tests that drive the whole product, every mis started from nothing
	MIS_TEST_STARTS=cold $(py) -m pytest -n $(JOBS) --dist loadfile -m e2e $(PYTEST_ARGS)

fuzz: $(done)/test ## marks, edits, landings and undos in any order beside git; FUZZ_ARGS="1000 7": steps, seed
	dir=$$(mktemp -d) && cd tests && PYTHONPATH=. $(py) landing/interleaved.py "$$dir" $(FUZZ_ARGS); \
	  code=$$?; rm -rf "$$dir"; exit $$code

fuzz-parsing: $(done)/test ## 20,000 streams in chunks against whole; FUZZ_ARGS="20000 1": streams, seed
	cd tests && PYTHONPATH=. ../$(py) parsing/fuzz_documents.py $(FUZZ_ARGS)

bench-ci: $(done)/test codex ## every benchmark once: that it measures, not how long it takes
	$(py) -m pytest -m bench $(PYTEST_ARGS)

# 3: there is something to propose, for people to look at; nothing is let in by this.
learn-ci: $(done)/project ## golden logs read as they should, and what they have to teach; writes nothing
	$(venv)/bin/mis learn --ci --dry-run -c learning.golden_dir=tests/golden/streams || [ $$? -eq 3 ]

faults-ci: $(done)/test codex ## a third of the tries of `make faults`; FAULT_SEED=2 takes another third
	$(py) -m pytest -n $(JOBS) --dist load -m faults --faults --faults-share 3 --faults-seed $(FAULT_SEED) \
	  $(PYTEST_ARGS)

faults: $(done)/test codex ## kills, full disks, clock jumps, floods, crowds: what a run must survive
	$(py) -m pytest -n $(JOBS) --dist load -m faults --faults $(PYTEST_ARGS)

audit: $(done)/audit ## licences and known vulnerabilities of what is installed
	$(py) scripts/licences.py
	$(py) scripts/vulnerabilities.py

bench: $(done)/test codex ## ratios against the bare tools; BENCH_ARGS="--json --runs 9"
	$(py) -m benchmarks.run $(BENCH_ARGS)

bench-learning: $(done)/bench ## what is learned from logs, beside Drain3, which is built from source
	$(py) -m benchmarks.run learning_proposals $(BENCH_ARGS)

lock: $(done)/dev ## resolve requirements/*.txt anew; LOCK_ARGS=--upgrade takes the newest versions
	$(py) scripts/lock.py $(LOCK_ARGS)

clean: ## remove .venv and everything built or cached
	rm -rf $(venv) dist build .nox .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# A codex on PATH is used; else the one of the extra.
codex: $(done)/project
	@if command -v codex >/dev/null 2>&1; then echo "using $$(command -v codex)"; \
	else $(MAKE) $(done)/codex; fi

$(done)/venv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "make: Python 3.11 or newer is needed; $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." \
	"Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making the environment $(venv)"
	@"$(PYTHON)" -m venv $(venv) || { \
	echo "make: no environment could be made; on Debian and Ubuntu, install python3-venv." >&2; exit 1; }
	@mkdir -p $(done) && touch $@

$(done)/runtime: requirements/runtime.txt requirements/build.txt $(done)/venv
	@echo "installing what makeitso needs"
	@$(install) -r requirements/build.txt -r requirements/runtime.txt $(or_say_why)
	@touch $@

$(done)/project: pyproject.toml $(done)/runtime
	@echo "installing makeitso, editable"
	@$(pip) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(done)/codex: requirements/codex.txt $(done)/runtime
	@echo "no codex on PATH: installing the Codex CLI into $(venv), a download of about 142 MB"
	@$(get) -r requirements/codex.txt $(or_say_why)
	@touch $@

$(done)/test: requirements/test.txt $(done)/project
	@echo "installing what the tests need"
	@$(install) -r requirements/test.txt $(or_say_why)
	@touch $@

$(done)/dev: requirements/dev.txt $(done)/test
	@echo "installing linters and tools"
	@$(install) -r requirements/dev.txt $(or_say_why)
	@touch $@

$(done)/bench: requirements/bench.txt $(done)/test
	@echo "installing what benchmarks measure beside"
	@$(pip) install --no-deps --require-hashes --quiet -r requirements/bench.txt $(or_say_why)
	@touch $@

$(done)/audit: requirements/audit.txt $(done)/test
	@echo "installing pip-audit"
	@$(install) -r requirements/audit.txt $(or_say_why)
	@touch $@
