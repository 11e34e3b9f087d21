# Everything goes into .venv; nothing outside of this folder is touched. Needs make and Python 3.11 or newer.
# PYTHON=/path/to/python3.12 chooses the interpreter; ARGS="..." is handed on to termtide or pytest.

CANDIDATES = $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14)
BIN = .venv/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --quiet $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help demo stack release check-cloud lock-checkov test gates check format bench speed docs picture emulators \
	oldest-clients beam privacy lock lock-emulators lock-beam lock-privacy clean

help:
	@echo "make demo     a university of 1,000 FTE in runs/: context store, a term of events, warehouse"
	@echo "make stack    Pub/Sub and BigQuery emulators with a stream through them; ARGS=--walk asks and ends"
	@echo "make release  wheel, sdist, image description, sample campus, bill of materials in dist/"
	@echo "make test     all tests but those of make gates"
	@echo "make gates    tests too long for every change: 20 seeds, 20,000 FTE, hundreds of kills (hours)"
	@echo "make check    format, lint, types, import contracts"
	@echo "make check-cloud  checkov's policies for Terraform and the image, in an environment of its own"
	@echo "make format   put files into the form that make check wants"
	@echo "make bench    events and rows per CPU-second"
	@echo "make speed    the same into docs/speed.md, and what runs of four sizes take"
	@echo "make emulators  emulators of BigQuery (where there is a Python 3.13) and Cloud Storage for the tests"
	@echo "make beam     Termtide with Apache Beam in an environment of its own, .venv/beam"
	@echo "make privacy  OpenDP into .venv, for termtide fit --epsilon and its tests"
	@echo "make oldest-clients  DuckDB 1.2 for the test that opens files with it"
	@echo "make docs     write what is made from the code anew: lists of events and rooms, the cookbook"
	@echo "make picture  README's pictures of the demo's report anew (needs Chromium)"
	@echo "make lock     pin requirements anew (UPGRADE=1 takes newer versions)"
	@echo "make clean    remove .venv, caches and builds; runs/ stays"

demo: .venv/.installed
	@$(BIN)/termtide demo $(ARGS)

stack: .venv/.installed-dev emulators
	@PYTHONPATH=. $(BIN)/python deploy/stack/stack.py $(ARGS)

release: .venv/.installed-dev
	@PYTHONPATH=. $(BIN)/python deploy/release.py dist $(ARGS)

# Four processes on two processors: tests with servers and those that kill mostly wait. A process has 1 to 3 GB.
test: .venv/.installed-dev emulators oldest-clients
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not gates" $(ARGS)

# ARGS="kills seed-3" runs these stages alone.
gates: .venv/.installed-dev emulators oldest-clients beam
	@$(BIN)/python -m tests.run_gates $(ARGS)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-cloud: .venv/checkov/.installed
	@.venv/checkov/bin/checkov --config-file deploy/checks/checkov.yaml

.venv/checkov/.installed: deploy/checks/checkov.lock | .venv/bin/python
	@$(BIN)/python -m venv .venv/checkov
	@.venv/checkov/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

lock-checkov: .venv/bin/uv
	$(BIN)/uv pip compile deploy/checks/checkov.in --python-version 3.11 --universal --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --quiet $(if $(UPGRADE),--upgrade) -o deploy/checks/checkov.lock

format: .venv/.installed-dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: .venv/.installed-dev
	@MIMALLOC_PURGE_DELAY=60000 $(BIN)/python -m tests.bench_events $(ARGS)
	@$(BIN)/python -m tests.bench_store
	@$(BIN)/python -m tests.bench_stream $(ARGS)

# The figures of docs/speed.md, on a machine that does nothing else.
speed: .venv/.installed-dev
	@MIMALLOC_PURGE_DELAY=60000 $(BIN)/python -m tests.bench_events --page
	@$(BIN)/python -m tests.bench_growth --page $(ARGS)

picture: .venv/.installed
	@$(BIN)/termtide demo --out runs/demo-1 $(ARGS)
	@$(BIN)/python -m tests.report_picture runs/demo-1

docs: .venv/.installed-dev
	$(BIN)/python -m tests.events.test_events_page
	$(BIN)/python -m tests.tidy.test_rooms
	$(BIN)/python -m tests.sql.test_cookbook

# A name such as python3.12 may be on the path and still not start, and Debian's Python may lack ensurepip:
# so each candidate is tried to the end.
.venv/bin/python:
	@for python in $(CANDIDATES); do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "creating .venv with $$($$python --version)" >&2; \
	  $$python -m venv .venv && exit 0; \
	  rm -rf .venv; \
	done; \
	echo "Termtide needs Python 3.11 or newer with its venv module; tried: $(CANDIDATES)." >&2; \
	echo "Here, python3 is: $$(python3 --version 2>&1 | head -n 1). Give another one: make demo PYTHON=/path/to/python3.12" >&2; \
	echo "(on Debian and Ubuntu the module is in the package python3-venv)" >&2; \
	exit 2

# Stamps: a second make installs nothing. The locks are complete, hence --no-deps: with it, a newer release of
# something cannot make pip look beyond the lock. The build backend is in the lock, hence no build isolation.
.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing the pinned requirements into .venv (once, about 600 MB)" >&2
	@$(INSTALL) --no-deps --require-hashes -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@echo "installing the pinned tools for tests and checks into .venv" >&2
	@$(INSTALL) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# The emulator wants a newer Python than Termtide does. Where there is none, or its packages can't be had, its
# tests are skipped and say so; make test goes on.
emulators: .venv/.installed
	@$(BIN)/python deploy/emulators/install.py .venv/bigquery-emulator || true
	@$(BIN)/python deploy/install_wheels.py deploy/emulators/fake_gcs.lock .venv/fake-gcs "an emulator of Cloud Storage" || true

# Termtide with Apache Beam, which caps pyarrow and protobuf: an environment of its own, by a lock of its own.
beam: .venv/beam/.installed

.venv/beam/.installed: deploy/scale/beam.lock pyproject.toml | .venv/bin/python
	@echo "installing Termtide with Apache Beam into .venv/beam (once, about 1.2 GB)" >&2
	@$(BIN)/python -m venv .venv/beam
	@.venv/beam/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	@.venv/beam/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock-beam: .venv/bin/uv
	$(COMPILE) --extra beam --extra gcs --group build -o deploy/scale/beam.lock

# What termtide fit --epsilon needs, which is large and nobody else's need: into the environment itself, by a lock that
# says the same of all that requirements.lock has.
privacy: .venv/.installed-privacy

.venv/.installed-privacy: deploy/privacy/privacy.lock .venv/.installed
	@$(INSTALL) --no-deps --require-hashes -r $<
	@touch $@

lock-privacy: .venv/bin/uv
	$(COMPILE) --extra privacy --group build -c requirements.lock -o deploy/privacy/privacy.lock

# What a run leaves behind is opened by DuckDB 1.2 itself, which lies beside the environment.
oldest-clients: .venv/.installed
	@$(BIN)/python deploy/install_wheels.py deploy/oldest_clients/duckdb.lock .venv/duckdb-1.2 "DuckDB 1.2" || true

lock-emulators: .venv/bin/uv
	$(BIN)/uv pip compile deploy/emulators/local_bigquery.in --override deploy/emulators/local_bigquery.overrides \
		--python-version 3.13 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet \
		$(if $(UPGRADE),--upgrade) -o deploy/emulators/local_bigquery.lock
	$(BIN)/uv pip compile deploy/emulators/fake_gcs.in --python-version 3.11 --universal --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet -o deploy/emulators/fake_gcs.lock

.venv/bin/uv: | .venv/bin/python
	@$(INSTALL) uv

lock: .venv/bin/uv
	$(BIN)/uv pip compile deploy/oldest_clients/duckdb.in --universal --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --quiet -o deploy/oldest_clients/duckdb.lock
	$(COMPILE) --group build -o requirements.lock
	$(COMPILE) --group build --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
