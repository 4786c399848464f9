# Everything a person or a machine asks of this checkout. Each target installs and builds what it needs first.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?=
ID ?=
FLAGS ?=
SECONDS ?=
REPORT ?=

.PHONY: help demo test gateway flash sim build check device transcripts bench soak ci clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules: package.json package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules

demo: build ## a gateway, its dashboard and 12 boards on flaky links; one dies and is found (SECONDS=40 ends it)
	@node dist/gateway/main.js sim demo $(if $(SECONDS),--seconds $(SECONDS))

test: build ## all tests; those of a real peer run where the peer is installed
	@npx vitest run

gateway: build ## the gateway for real, its data in ./data
	@node dist/gateway/main.js gateway --data data

flash: build ## a board: PORT=/dev/ttyUSB0 or tcp://HOST, ID=shed-07, FLAGS="--gateway 192.168.1.5 --wifi ..."
	@node dist/gateway/main.js flash "$(ID)" --port "$(PORT)" $(FLAGS)

sim: build ## all shipped scenarios in virtual time, every invariant on (REPORT=page.html for pictures)
	@node dist/gateway/main.js sim run --all --brief $(if $(REPORT),--report $(REPORT))

build: node_modules ## compile, and bundle for the board
	@npm run -s build

check: node_modules ## format, lint, types, and the rules of the house
	@npm run -s check

device: build ## the board's bundles, with their sizes
	@node dist/device/build.js --measure

transcripts: node_modules ## write the scenario transcripts anew, for a reviewer to read
	@npm run -s transcripts

bench: build ## benchmarks: ratios within one run
	@npm run -s bench

soak: build ## long runs: random scenarios, then live boards, floods and kills of the gateway (SECONDS=600)
	@npm run -s soak -- $(if $(SECONDS),--seconds $(SECONDS))

ci: ## what CI runs
	@$(MAKE) check
	@$(MAKE) test
	@$(MAKE) demo SECONDS=30

clean: ## forget what was built
	@rm -rf dist node_modules/.cache
