# All that is done to this repository: make help.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
FUZZTIME ?= 5s
CHAOSTIME ?= 2m
SOAKTIME ?= 10m
BENCH ?= .
COUNT ?= 1

# Each module is built the way its users build it: by its own go.mod, not by go.work.
export GOWORK := off
MODULES := $(sort $(patsubst %/,%,$(dir $(wildcard go.mod */go.mod */*/go.mod))))

# The race detector needs a C compiler; where there is none, the tests run without it.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

PLATFORMS := linux/arm64 linux/386 darwin/arm64 windows/amd64

GOLANGCI_VERSION := v2.15.0
AXE_VERSION := 4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
AXE := $(CURDIR)/.cache/axe-core-$(AXE_VERSION)/axe.min.js
METRICVET := $(CURDIR)/.cache/bin/metricvet
GOLANGCI := $(CURDIR)/.cache/bin/golangci-lint-$(GOLANGCI_VERSION)
MISSPELL_VERSION := v0.8.0
MISSPELL := $(CURDIR)/.cache/bin/misspell-$(MISSPELL_VERSION)

# $(call each-module,command) runs the command in the folder of every module.
each-module = @for module in $(MODULES); do echo "== $$module: $(1)"; (cd $$module && $(1)); done

.PHONY: help test ci test-386 test-purego test-newest emulate emulate-quick api e2e browser screenshots fuzz chaos soak bench bench-report readme size microbench build-all vet prose lint release-check release fmt tidy clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: ## Run the tests of every module, with the race detector where there is a C compiler.
	$(if $(RACE),,@echo "no C compiler: testing without the race detector")
	@GO="$(GO)" RACE=$(RACE) bash .ci/test $(MODULES)

test-386: ## Run the root module's tests as 32-bit programs, emulated where the kernel runs none.
	GO="$(GO)" bash .ci/test-386

test-purego: ## Run the tests of what is written in assembly with what other platforms have instead.
	$(GO) test $(RACE) -tags purego -timeout 10m ./internal/prefetch ./internal/labelmap

test-newest: ## Run tests with the newest client_golang, or that of CLIENT_GOLANG; all others use what go.mod requires.
	GO="$(GO)" bash .ci/test-newest

emulate: ## Run the root module's tests as programs for arm64 and s390x, under qemu-user.
	@bash .ci/emulate -timeout 30m ./...

emulate-quick: ## Do the same with -short, for the root package and internal/.
	@bash .ci/emulate -timeout 20m -short . ./internal/...

api: ## Compare the public API with client_golang's.
	cd apicheck && $(GO) run .

e2e: ## Let a real Prometheus scrape the library; the first run builds it, which takes minutes.
	cd e2e && $(GO) test -tags e2e -count 1 -parallel 4 -timeout 30m ./...

browser: $(if $(shell command -v npm),$(AXE)) ## Test the dashboard in Chromium, with the rules of axe-core if there is npm to install it.
	cd dashboard/browser && $(GO) test -tags e2e -count 1 -parallel 4 -timeout 10m ./...

screenshots: ## Take the pictures of the dashboard for docs, in Chromium.
	cd dashboard/browser && $(GO) run ./screenshots -docs ../../docs

fuzz: ## Fuzz every target for FUZZTIME (default 5s).
	@bash .ci/fuzz $(FUZZTIME) $(MODULES)

ci: ## Run everything that has to pass before a change goes in.
	bash .ci/run

chaos: ## Let bad collectors, bad clients and changing registrations loose on the library for CHAOSTIME (default 2m).
	$(GO) test $(RACE) -run '^TestChaos$$' -count 1 -timeout 20m -v -args -chaos $(CHAOSTIME)

soak: ## Do the same for SOAKTIME (default 10m), then compare goroutines, open files and heap with before.
	$(GO) test $(RACE) -run '^TestSoak$$' -count 1 -timeout 2h -v -args -soak $(SOAKTIME)

bench: ## Print how fast the library is next to its peers, and next to its targets; takes some minutes.
	cd bench && $(GO) run ./report

bench-report: ## Do the same at greater length, and write docs/benchmarks.md with its plots, and the README's figures.
	cd bench && $(GO) run ./report -docs ../docs -readme ../README.md

readme: ## Copy the README's figures from docs/benchmarks.md.
	cd bench && $(GO) run ./report -rounds 0 -docs ../docs -readme ../README.md

size: ## Print how large small programs are, next to the same ones with client_golang.
	cd bench && $(GO) test -run '^TestSize$$' -count 1 -v ./size

microbench: ## Run the root module's own benchmarks that match BENCH (default all), COUNT times.
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

build-all: ## Build and vet for the other platforms that are supported, except the example for OTLP.
	@for platform in $(PLATFORMS); do \
		echo "== $$platform"; \
		export GOOS=$${platform%/*} GOARCH=$${platform#*/} CGO_ENABLED=0; \
		$(GO) vet ./...; \
		(cd examples && $(GO) build -buildvcs=false -o /dev/null $$($(GO) list ./... | grep -v /push/otlp$$)); \
	done

vet: ## Check how every module uses metrics, with the repository's own analyzers.
	cd cmd/metricvet && $(GO) build -o $(METRICVET) .
	$(call each-module,$(GO) vet -tags e2e -vettool=$(METRICVET) ./...)

prose: $(MISSPELL) ## Look for phrases that are hard to read, and for misspelled words.
	@bash .ci/prose $(MISSPELL)

lint: $(GOLANGCI) vet prose ## Run the linters and vet, and check that the go.mod files are tidy.
	$(call each-module,$(GO) mod tidy -diff)
	$(call each-module,$(GOLANGCI) run --build-tags e2e ./...)

release-check: ## Check that the last commit can be released, as VERSION or as the newest section of CHANGELOG.md says.
	cd release && $(GO) run . $(if $(VERSION),-version $(VERSION))

release: ## Do the same, and then add the tags of VERSION; see docs/releases.md.
	$(if $(VERSION),,$(error make release needs a version, such as VERSION=v0.1.0))
	cd release && $(GO) run . -tag -version $(VERSION)

fmt: $(GOLANGCI) ## Format the code.
	$(call each-module,$(GOLANGCI) fmt ./...)

tidy: ## Tidy the go.mod files.
	$(call each-module,$(GO) mod tidy)

clean: ## Remove the tools that the other targets have installed.
	rm -rf .cache

$(AXE):
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent axe-core@$(AXE_VERSION)
	echo '$(AXE_SHA256)  $(@D)/axe-core-$(AXE_VERSION).tgz' | sha256sum -c --quiet
	tar -xzf $(@D)/axe-core-$(AXE_VERSION).tgz -C $(@D) --strip-components 1 package/axe.min.js package/LICENSE
	touch $@

$(GOLANGCI):
	GOBIN=$(@D) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(@D)/golangci-lint $@

$(MISSPELL):
	GOBIN=$(@D) $(GO) install github.com/golangci/misspell/cmd/misspell@$(MISSPELL_VERSION)
	mv $(@D)/misspell $@
