# Every check that CI makes is a target here. `make` lists them.

GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0

MODULE  := github.com/plumbline-posture/plumbline
CACHE   := $(CURDIR)/.cache
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The packages where goroutines meet. The race detector compiles a package's dependencies once more, so it is kept away
# from the cloud SDKs; it also needs a C compiler.
RACY := $(addprefix $(MODULE)/,collectors collectors/pipeline store evaluator)
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED 2>/dev/null)),-race)

# Where tests find what is not Go; a test that misses its tool says so and is skipped.
export PLUMBLINE_TEST_MOTO         ?= $(CACHE)/moto/bin/moto_server
export PLUMBLINE_TEST_PYTHON       ?= $(CACHE)/moto/bin/python
export PLUMBLINE_TEST_NODE_MODULES ?= $(CACHE)/node_modules

.DEFAULT_GOAL := help
.PHONY: help run build test setup lint fmt generate bench migrate screenshots vulnerabilities generated

help: ## Print the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build, and run the demo with a Postgres of its own.
	@bin/plumbline demo

build: ## Build the one static binary, bin/plumbline.
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/plumbline ./cmd/plumbline

setup: ## Fetch what the tests need beyond Go: moto, a browser, its driver.
	@.ci/setup

test: setup ## Run every test and print the counts.
	@packages=$$(go list ./...) || exit 1; \
	racy=$$(echo "$$packages" | grep -Fx $(RACY:%=-e %) || true); \
	rest=$$(echo "$$packages" | grep -Fxv $(RACY:%=-e %) || true); \
	go run ./.ci/count -- $(RACE) $$racy -- $$rest ./.ci/count

lint: $(CACHE)/bin/golangci-lint-$(GOLANGCI_VERSION) vulnerabilities generated ## Check form, imports, known vulnerabilities and generated files.
	@echo "checking the form of every Go file"
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	@echo "running golangci-lint $(GOLANGCI_VERSION)"
	@$(CACHE)/bin/golangci-lint-$(GOLANGCI_VERSION) run --timeout 20m ./... ./.ci/count

# The database of vulnerabilities is not everywhere within reach; what it would say is then unknown, and said to be.
vulnerabilities: $(CACHE)/bin/govulncheck-$(GOVULNCHECK_VERSION)
	@echo "looking for known vulnerabilities"
	@out=$$($(CACHE)/bin/govulncheck-$(GOVULNCHECK_VERSION) ./... 2>&1); code=$$?; \
	if [ $$code = 0 ]; then echo "no known vulnerability is reached"; \
	elif [ $$code = 1 ] && echo "$$out" | grep -q 'fetching vulnerabilities'; then \
		echo "NOT CHECKED for vulnerabilities: their database cannot be reached from here"; \
	else echo "$$out"; exit $$code; fi

generated:
	@echo "checking that generated files are up to date"
	@state() { git status --porcelain; git diff HEAD; }; before=$$(state | git hash-object --stdin); \
	$(MAKE) --no-print-directory generate; \
	if [ "$$before" != "$$(state | git hash-object --stdin)" ]; then \
		echo "make generate changes files: commit what it writes"; git status --short; exit 1; fi

fmt: ## Format every Go file.
	@git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -w

generate: ## Write the OpenAPI document, the cloud roles and the check reference anew.
	@go generate ./...

bench: ## Measure the speeds of the contract and print them as a table.
	@go run ./.ci/bench

migrate: build ## Bring the database at DATABASE_URL up to date.
	@bin/plumbline migrate up

screenshots: build setup ## Picture every page of the demo, into screenshots/.
	@NODE_PATH=$(CACHE)/node_modules .ci/screenshots

# Tools are named with their version, so that a new pin is a new file.
$(CACHE)/bin/golangci-lint-$(GOLANGCI_VERSION):
	@echo "building golangci-lint $(GOLANGCI_VERSION) (once; a few minutes)"
	@GOBIN=$(CACHE)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(CACHE)/bin/golangci-lint $@

$(CACHE)/bin/govulncheck-$(GOVULNCHECK_VERSION):
	@echo "building govulncheck $(GOVULNCHECK_VERSION) (once)"
	@GOBIN=$(CACHE)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	@mv $(CACHE)/bin/govulncheck $@
