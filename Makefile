# Ruche's commands. `make` lists them.
#
# Everything needs only a Rust toolchain, and what `make setup` installs. Data and tools live in .ruche/, which git ignores.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# The targets share cargo's lock and one target folder: side by side they would only wait for each other.
.NOTPARALLEL:

# Where cargo puts programs: CARGO_TARGET_DIR, or a setting in some config.toml, or target/.
RELEASE = $$(cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/release

.PHONY: help setup build build-benches run test bench bench-embed bench-render bench-search clients faults down clean-data

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Install what is missing: build tools, NATS, Postgres
	@bash cli/setup.sh

# The first build took 15 to 30 minutes on two cores, by what else they had to do.
build: setup ## Build what `make run` starts, in release
	@begun=$$SECONDS first=; \
	if [ ! -x "$(RELEASE)/ruche" ]; then \
		first=yes; \
		echo "The first build compiles llama.cpp and several hundred crates: about 15 to 30 minutes on two cores."; \
	fi; \
	cargo build --release --bins -p ruche-cli -p ruche-gateway -p ruche-workers -p ruche-migrations; \
	took=$$((SECONDS - begun)); \
	if [ -n "$$first" ]; then echo "The first build took $$((took / 60)) min $$((took % 60)) s. Later ones take seconds."; fi

build-benches: setup
	@cargo build --release --workspace --bins

run: build ## Start everything on this machine; Ctrl-C stops it
	@exec "$(RELEASE)/ruche" up

# Clippy's driver compiles our own crates here, and lints them while it does: with `cargo clippy` beside `cargo test` each
# dependency would be compiled twice. Our crates are not optimised, so that they compile fast; render would be too slow.
PLAIN = schemas bus store workers gateway migrations services cli benches
TESTED = RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings \
	cargo $(foreach crate,$(PLAIN),--config profile.release.package.ruche-$(crate).opt-level=0) \
	--config profile.release.package.ruche-render.opt-level=1
# Most tests wait for servers and for processes, not for a processor.
export RUST_TEST_THREADS ?= 6

test: ## Check the format, lint, and run every test
	@bash cli/setup.sh tests
	cargo fmt --all --check
	@.ci/words
	$(TESTED) test --release --workspace --no-fail-fast --tests

bench: build-benches ## Measure throughput, latency and tokens per second
	@"$(RELEASE)/ruche-bench"

bench-embed: build-benches ## Measure embeddings beside llama.cpp's own server, and documents
	@bash cli/setup.sh tests
	@bash benches/embed/setup.sh
	@"$(RELEASE)/ruche-bench" embed
	@"$(RELEASE)/ruche-bench" ingest

bench-render: build-benches ## Measure Markdown to PDF beside md-to-pdf, Chromium, WeasyPrint and Typst's wheel
	@bash benches/render/setup.sh
	@"$(RELEASE)/ruche-bench" render
	@"$(RELEASE)/ruche-bench" lost

bench-search: build-benches ## Measure searches among 100,000 chunks beside the raw driver, and rankings; CHUNKS=1000000, CRANFIELD=folder for more
	@bash cli/setup.sh tests
	@"$(RELEASE)/ruche-bench" search --chunks $${CHUNKS:-100000}
	@"$(RELEASE)/ruche-bench" retrieval $(if $(CRANFIELD),--cranfield "$(CRANFIELD)")

clients: ## Try OpenAI's clients, LangChain, LlamaIndex and the AI SDK against the Ruche that runs
	@bash benches/clients/run.sh

faults: build-benches ## Kill, stop and restart everything under load, and count what became of the jobs
	@"$(RELEASE)/ruche-bench" faults

down: ## Stop what `make run` started, from another terminal
	@"$(RELEASE)/ruche" down

clean-data: ## Forget all data: chats, keys, logs. Keeps fetched models and tools
	@bash cli/clean-data.sh
