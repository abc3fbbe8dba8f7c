# Frontdesk. `make run` needs Go, make and git; it installs the rest (see scripts/setup).

.PHONY: help run setup build test e2e types lint bench fit clean

help:
	@echo "make run      install what is missing, build, and serve on LISTEN_ADDR (:8080)"
	@echo "make test     all tests, race detector on (PKG=./bots/... for some)"
	@echo "make e2e      against stand-ins for Slack, Telegram and OpenAI from npm (needs Node.js)"
	@echo "make types    check the types of the pages' TypeScript (needs Node.js; part of make e2e)"
	@echo "make lint     gofmt, vet, staticcheck, govulncheck"
	@echo "make bench    all benchmarks"
	@echo "make fit      fit the confidence that comes with the program anew (SETS=\"DIR DIR\"; see docs/BENCHMARKS.md)"
	@echo "make build    bin/frontdesk"

# exec: a signal for make's child goes straight to the server.
run: setup build
	@exec bin/frontdesk serve

setup:
	@scripts/setup

# Without cgo the binary runs on any Linux of its architecture.
build:
	@. scripts/env && CGO_ENABLED=0 go build -trimpath -o bin/frontdesk ./cmd/frontdesk

test:
	@scripts/test $(PKG)

e2e: types
	@scripts/e2e

types:
	@scripts/types

lint:
	@scripts/lint

bench:
	@scripts/bench

# The judged collections that the confidence is fitted on, in an order that does not depend on the machine.
SETS ?= $(sort $(wildcard $(or $(FRONTDESK_SHARED),../shared)/eval/*_dev))

fit: build
	@bin/frontdesk eval $(SETS) --fit --out knowledge/knowledgedb/calibration.json

clean:
	rm -rf bin
