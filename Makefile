# Every target sets up what it needs: a virtual environment in .venv, the compiled extension, and, for the demo
# and the end-to-end tests, the Restate server in .tools.

export PIP_QUIET := 1
# If Python writes no bytecode, pytest rewrites each test module in each run.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# How many processes run tests side by side. Each starts its own runtimes and endpoints.
WORKERS ?= 2
# How many faults `make test-cluster` causes, and what makes it cause the same ones again; another SEED each time if empty.
ROUNDS ?= 10
SEED ?=
# Options of pytest, for every suite.
PYTEST_OPTIONS ?=
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) $(PYTEST_OPTIONS)
STAMPS := $(VENV)/.stamps
# The lowest versions of all dependencies.
MINIMUM := .venv-minimum
# What builds wheels: a compiler of C for other C libraries and processors, 400 MB.
WHEEL := .venv-wheel
# The groups that requirements/ci.txt has.
LOCKED_GROUPS := test agents alternatives lint deploy docs
# The extras that it installs; agent frameworks are tested with their newest versions only.
MINIMUM_EXTRAS := uvloop pydantic otel slack zstd
COMMA := ,
SPACE := $(subst ,, )
# What `make test-minimum` runs: the tests of what is built on other packages.
MINIMUM_TESTS := $(addprefix tests/unit/,callbacks cli client control hosting inbox links messages metrics notify pages serde transports) \
  $(addprefix tests/unit/runtime/,admin ingress query store)
# What `make quick` runs: tests that take less than a quarter of a second and need no other program.
QUICK_TESTS := not slow and not h2spec and not browser and not prometheus
RUST_SOURCES := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -not -path '*/target/*' -o -name Cargo.toml -not -path '*/target/*')

# Every target with a plain name.
.PHONY: $(shell sed -nE 's/^([a-z][a-z0-9-]*):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: $(STAMPS)/test ## Create .venv with what tests need, and build the extension into it

demo: $(STAMPS)/extension ## Kill the process of a handler that waits on an awakeable, and resolve it from outside
	$(BIN)/python -m examples.demo

demo-server: $(STAMPS)/extension ## Run the same demo on the real Restate server, from npm
	$(BIN)/python -m examples.demo --server

quick: setup $(STAMPS)/lint ## Formats, lints, types and the fast tests of the package, in under a minute
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/python scripts/generate_client.py --check
	cargo fmt --all --check
	$(BIN)/mypy
	$(PYTEST) tests/unit tests/protocol -q -m "$(QUICK_TESTS)" --durations=10 --durations-min=1

test: setup ## All tests, end to end on both runtimes; a suite that fails does not stop the others
	@$(MAKE) --no-print-directory --keep-going test-rust test-python test-embedded test-doors test-unchanged

test-rust: ## Tests of the protocol core, the HTTP/2 engine and the load generator
	cargo test --quiet --package awaken-core --package awaken-http1 --package awaken-http2
	cargo test --quiet --manifest-path benches/peers/load/Cargo.toml

test-python: setup $(STAMPS)/agents $(STAMPS)/alternatives ## Tests of the package, end to end on the real server
	$(PYTEST) --ignore=tests/doors --ignore=tests/unchanged --ignore=tests/deploy

test-embedded: setup ## The end-to-end tests on the embedded runtime
	$(PYTEST) tests/e2e --runtime=embedded

test-doors: setup ## Attacks on dev, runtime and gateway: bad input, floods, browsers, broken files
	$(PYTEST) tests/doors

soak: setup ## An hour of work, attacks and kills with exact accounts; SOAK='--minutes 10 --seed 7 --on dev'
	$(BIN)/python -m tests.soak $(SOAK)

test-unchanged: setup $(STAMPS)/agents ## Applications, tools and agent frameworks of others, on both runtimes
	$(PYTEST) --dist loadfile tests/unchanged

test-bytes: setup ## More and larger journals and values than in `make test`
	$(BIN)/python -m pytest tests/journals tests/e2e/test_big_values.py tests/e2e/test_big_journals.py --long-bytes
	$(BIN)/python -m pytest tests/e2e/test_big_values.py tests/e2e/test_big_journals.py --long-bytes --runtime=embedded

test-cluster: setup ## Faults on a cluster of three real servers, in four minutes; ROUNDS=3 takes two, SEED=7 repeats
	$(BIN)/python -m pytest tests/cluster -m cluster --capture=no --cluster-rounds=$(ROUNDS) $(SEED:%=--cluster-seed=%)

test-browser: setup $(STAMPS)/docs ## Documentation, inbox, links, attacks by pages and the server's web UI in a real browser; needs Chromium and Node
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) tests/docs tests/e2e tests/doors tests/unchanged/web_ui -m browser

test-monitoring: setup ## Dashboard and alert rules in Prometheus, beside a real runtime; needs Prometheus
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) tests/monitoring -m prometheus

test-minimum: $(MINIMUM)/.installed ## The tests of what is built on other packages, with their lowest versions
	$(MINIMUM)/bin/python -m pytest $(PYTEST_OPTIONS) $(MINIMUM_TESTS) --numprocesses $(WORKERS) -q -m "$(QUICK_TESTS)"

docs: setup $(STAMPS)/docs ## The documentation into site/; warnings and dead links are errors
	$(BIN)/python -m scripts.docs build

reference: setup ## Write docs/reference from docstrings, commands, settings, APIs and error codes
	$(BIN)/python -m scripts.docs reference

docs-serve: setup $(STAMPS)/docs ## Show the documentation on http://localhost:8000, and follow changes
	$(BIN)/python -m scripts.docs serve

h2spec: setup ## The HTTP/2 conformance suite; needs Go
	$(BIN)/python -m pytest tests/unit/transports -m h2spec

check: setup $(STAMPS)/lint $(STAMPS)/deploy ## Lints, formats, types, generated code and counts of instructions, in both languages
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-python check-deploy check-rust check-instructions

check-types:
	$(BIN)/pyright --warnings

check-python:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python scripts/generate_client.py --check
	$(BIN)/python scripts/check_projects.py
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest awaken._core
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 python/awaken

check-deploy: setup $(STAMPS)/deploy ## The files of deploy, as Docker, systemd and Kubernetes read them
	$(BIN)/python -m pytest tests/deploy -q

check-rust:
	cargo fmt --all --check
	$(BIN)/python scripts/third_party_licences.py --check
	cargo clippy --quiet --workspace --all-targets -- --deny warnings
	cargo clippy --quiet --manifest-path benches/peers/load/Cargo.toml --all-targets -- --deny warnings

# A core operation that takes over 5 % more instructions than stored fails; needs valgrind.
check-instructions: setup
	$(BIN)/python -m benches.instructions

fix: setup $(STAMPS)/lint ## Apply formats and automatic lint fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	cargo fmt --all

bench: setup $(STAMPS)/bench ## Benchmarks of the core, from Rust and from Python
	cargo bench --package awaken-core
	$(BIN)/python -m pytest benches --benchmark-only --timeout=0 --benchmark-json=target/bench.json

bench-peers: setup $(STAMPS)/bench ## Compare with the official SDKs in Python, Rust, Go and TypeScript, in one interleaved run
	$(BIN)/python -m benches.peers

bench-runtime: setup $(STAMPS)/bench ## Compare the embedded runtime with the real server, each with its endpoint, durable
	$(BIN)/python -m benches.runtimes

# Of bench-all: seconds of a round, and options of `benches.peers`; ROUNDS is its number of rounds, too.
RESULTS := benches/results
SPAN ?= 2
PEERS ?=
BENCH_ROUNDS = $(if $(filter command line,$(origin ROUNDS)),--rounds $(ROUNDS)) --seconds $(SPAN)

bench-all: setup $(STAMPS)/bench $(STAMPS)/agents ## Every comparison, and the tables and pictures of docs/comparison/performance.md from it; an hour
	$(BIN)/python -m benches.imports --json-output $(RESULTS)/imports.json
	$(BIN)/python -m benches.peers $(BENCH_ROUNDS) $(PEERS) --json-output $(RESULTS)/peers.json
	$(BIN)/python -m benches.runtimes $(BENCH_ROUNDS) --json-output $(RESULTS)/runtimes.json
	$(BIN)/python -m benches.scale --kind awakeables --json-output $(RESULTS)/scale.json
	$(BIN)/python -m benches.publish

bench-alternatives: setup ## Compare with DBOS, Celery and Temporal, each in an environment of its own; five minutes
	$(BIN)/python -m benches.alternatives

bench-instructions: setup ## Store how many instructions core operations take; `make check` compares with that
	$(BIN)/python -m benches.instructions --store

wheel: $(WHEEL)/.installed ## Wheels for Linux (x86-64 and aarch64, glibc and musl) and the sdist in dist/, checked
	PATH=$(CURDIR)/$(WHEEL)/bin:$$PATH $(WHEEL)/bin/python -m scripts.wheels $(ONLY:%=--only %)

lock: $(STAMPS)/venv ## Lock the newest versions of what tests and checks need into requirements/ci.txt, with hashes
	$(BIN)/pip install --quiet 'uv>=0.9'
	echo 'maturin>=1.9,<2' | $(BIN)/uv pip compile pyproject.toml - --upgrade --universal --python-version 3.11 \
	  --extra uvloop $(LOCKED_GROUPS:%=--group %) --generate-hashes --no-annotate --quiet \
	  --custom-compile-command 'make lock' --output-file requirements/ci.txt

licences: $(STAMPS)/venv ## Compare the licences of everything awaken contains or needs with those that are allowed
	@command -v cargo-deny >/dev/null || { echo "compiling cargo-deny: five minutes, once"; cargo install --locked cargo-deny; }
	cargo deny --workspace check --hide-inclusion-graph licenses bans sources
	$(PYTHON) -m venv --clear --without-pip $(VENV)/licences
	$(BIN)/pip install --quiet 'pip-licenses>=5'
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > $(VENV)/licences/needed.txt
	$(BIN)/pip --python $(VENV)/licences/bin/python install --quiet --requirement $(VENV)/licences/needed.txt
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python scripts/check_licences.py $(VENV)/licences/bin/python
	$(BIN)/python scripts/third_party_licences.py --check

clean: ## Remove everything that was built or installed here
	rm -rf $(VENV) $(MINIMUM) $(WHEEL) target dist .tools .site site

$(STAMPS)/venv:
	@echo "making $(VENV), with maturin in it: a few seconds"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip 'maturin>=1.9,<2'
	@mkdir -p $(STAMPS) && touch $@

# With LOCKED=1, everything in the versions of requirements/ci.txt, before anything else can choose its own.
$(STAMPS)/locked: $(STAMPS)/venv requirements/ci.txt
	$(BIN)/python scripts/install_locked.py requirements/ci.txt $(STAMPS)/unlocked
	@touch $@

# What awaken itself needs, and no more.
$(STAMPS)/extension: $(STAMPS)/venv $(if $(LOCKED),$(STAMPS)/locked) pyproject.toml $(RUST_SOURCES)
	@echo "installing what awaken needs, 100 MB, and compiling its core: a minute or two the first time"
	. $(BIN)/activate && maturin develop --release --extras uvloop
	@touch $@

$(STAMPS)/test: $(STAMPS)/extension pyproject.toml
	@echo "installing what the tests need"
	. $(BIN)/activate && pip install --quiet --group test
	@touch $@

$(MINIMUM)/.installed: $(STAMPS)/venv $(RUST_SOURCES) pyproject.toml scripts/lowest_versions.py
	$(PYTHON) -m venv --clear $(MINIMUM)
	$(BIN)/python scripts/lowest_versions.py $(MINIMUM_EXTRAS) > $(MINIMUM)/constraints.txt
	$(BIN)/pip --python $(MINIMUM)/bin/python install --quiet --constraint $(MINIMUM)/constraints.txt --group test
	VIRTUAL_ENV=$(CURDIR)/$(MINIMUM) PIP_CONSTRAINT=$(CURDIR)/$(MINIMUM)/constraints.txt \
	  $(BIN)/maturin develop --quiet --release --extras $(subst $(SPACE),$(COMMA),$(MINIMUM_EXTRAS))
	@touch $@

$(WHEEL)/.installed: pyproject.toml
	@echo "installing maturin, zig and auditwheel into $(WHEEL): 400 MB, a minute"
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/pip install --quiet --upgrade 'pip>=25.1'
	$(WHEEL)/bin/pip install --quiet --group wheel
	@touch $@

$(STAMPS)/agents: $(STAMPS)/test
	. $(BIN)/activate && pip install --quiet --group agents
	@touch $@

# Pages about moving to awaken run what they move from; the checkers read the benchmark beside it.
$(STAMPS)/alternatives: $(STAMPS)/test
	. $(BIN)/activate && pip install --quiet --group alternatives
	@touch $@

$(STAMPS)/lint: $(STAMPS)/test $(STAMPS)/agents $(STAMPS)/alternatives
	. $(BIN)/activate && pip install --quiet --group lint
	@touch $@

$(STAMPS)/docs: $(STAMPS)/test
	. $(BIN)/activate && pip install --quiet --group docs
	@touch $@

$(STAMPS)/deploy: $(STAMPS)/test
	. $(BIN)/activate && pip install --quiet --group deploy
	@touch $@

$(STAMPS)/bench: $(STAMPS)/test
	. $(BIN)/activate && pip install --quiet --group bench
	@touch $@
