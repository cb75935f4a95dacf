# `make` or `make help` lists what there is. `make run` and `make test` work on a
# fresh Debian machine with nothing but Go (and apt, for what the tests need).

SHELL := /bin/sh
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ADDR ?= 127.0.0.1:8001
DATA_DIR ?= ./data

CACHE := $(CURDIR)/.cache
PGRUN := $(CACHE)/bin/pgrun
EVENTS := $(CACHE)/test-events.json
LINT := go tool -modfile=.tools/go.mod golangci-lint
GOTESTSUM := go tool -modfile=.tools/go.mod gotestsum
CYCLONEDX := go tool -modfile=.tools/sbom/go.mod cyclonedx-gomod
GITLEAKS := go tool -modfile=.tools/gitleaks/go.mod gitleaks
GREMLINS := go tool -modfile=.tools/mutants/go.mod gremlins
GOVULNCHECK := go tool -modfile=.tools/vuln/go.mod govulncheck
MOCKERY := go tool -modfile=.tools/mockery/go.mod mockery

# Without MessagePack, which gin would bring and nothing here speaks: 6 MB less.
BUILD = CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags nomsgpack -ldflags '-s -w -buildid= -X main.version=$(VERSION)'

# What to test; the end-to-end suite is part of it.
PKGS ?= ./...
# -p stays at the number of processors: race-instrumented compiling and testing
# are both bound by them. More tests than processors run at once inside a
# package, because many of them wait for sockets and the database.
# What breaks replicas on purpose takes the whole machine, so it runs by itself, after the rest.
TEST_FORMAT := --format pkgname-and-test-fails --format-hide-empty-pkg --hide-summary=skipped
# `make lint` vets; doing it here too costs a look at every library.
TEST_FLAGS ?= -race -shuffle=on -vet=off -parallel=4 -timeout=12m

##@ Use

.PHONY: run
run: build ## Build and start the platform on 127.0.0.1:8001 with SQLite in ./data (ADDR=, DATA_DIR=)
	@exec ./bin/symphainy serve --addr "$(ADDR)" --data-dir "$(DATA_DIR)"

.PHONY: build
build: ## Build bin/symphainy, one static binary
	@$(BUILD) -o bin/symphainy ./cmd/symphainy

.PHONY: release
release: ## Build dist/: the static binary for GOOS and GOARCH, made to be reproducible, with its list of modules and checksums (VERSION=)
	@rm -rf dist && mkdir -p dist
	@name=symphainy-$(VERSION)-$$(go env GOOS)-$$(go env GOARCH); \
	$(BUILD) -o dist/$$name ./cmd/symphainy && \
	go version -m dist/$$name | sed '1d' >dist/$$name.modules.txt && \
	(cd dist && sha256sum $$name $$name.modules.txt >SHA256SUMS && cat SHA256SUMS) && \
	[ "$(SBOM)" = no ] || $(MAKE) --no-print-directory sbom BINARY=dist/$$name VERSION=$(VERSION)

.PHONY: sbom
sbom: ## Check the modules of a release against go.sum, and write its SBOM (CycloneDX) and its licences beside it (BINARY=); a licence that asks more than a notice fails
	@go mod verify
	@GOPROXY=off $(CYCLONEDX) bin -json -licenses -noserial -notimestamp -std -version "$(VERSION)" -output $(BINARY).sbom.json $(BINARY) 2>/dev/null
	@go run -buildvcs=false ./test/sheet/cmd/licences $(BINARY).sbom.json >$(BINARY).licences.txt
	@echo "$(BINARY).sbom.json: $$(wc -l <$(BINARY).licences.txt) modules, each with a licence in $(BINARY).licences.txt"

.PHONY: secrets
secrets: build ## Look for secrets in the tree and in the binary
	@sh test/setup/secrets.sh bin/symphainy $(CACHE)/sheet/records $(GITLEAKS)

.PHONY: drill
drill: build test-setup ## Follow docs/operations.md from an empty folder: roles, migrations, three replicas with NATS, one killed, backup, restore, audit
	@go build -buildvcs=false -o $(CACHE)/bin/nats-server github.com/nats-io/nats-server/v2
	@$(PGRUN) sh test/setup/drill.sh bin/symphainy $(CACHE)/bin/nats-server

.PHONY: coverage
coverage: test-setup ## Measure the lines of who may what, and who owns what, that their tests run (90 % at least)
	@$(PGRUN) sh test/setup/coverage.sh $(CACHE)/sheet/records

.PHONY: mutants
mutants: ## Change the code that decides a little at a time, and count how often its tests notice (an hour; 80 % at least)
	@sh test/setup/mutants.sh $(CACHE)/sheet/records $(GREMLINS)

.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what the program reaches; needs the database at vuln.go.dev, or a copy (GOVULNDB=)
	@$(GOVULNCHECK) -tags nomsgpack ./cmd/symphainy
	@mkdir -p $(CACHE)/sheet/records && go mod verify && \
	printf '{"id":"F7","test":"make vulnerabilities","count":1,"figure":"vulnerabilities that are reached 0; modules verified","goal":"reachable 0","pass":true}\n' >$(CACHE)/sheet/records/F7.json

.PHONY: release-check
release-check: ## Build the release of the last commit twice, from clean folders and caches, and compare (10 minutes)
	@sh test/setup/release-check.sh $(CACHE)/sheet/records

##@ Test

.PHONY: test
test: test-setup ## Run everything with the race detector beside a PostgreSQL of its own; installs what is missing (PKGS=)
	@rm -f $(EVENTS) $(EVENTS).chaos
	@packages=$$(go list $(PKGS)) || exit 1; status=0; \
	rest=$$(echo "$$packages" | grep -v '/test/chaos$$'); chaos=$$(echo "$$packages" | grep '/test/chaos$$'); \
	[ -z "$$rest" ] || $(PGRUN) $(GOTESTSUM) $(TEST_FORMAT) --jsonfile-timing-events $(EVENTS) -- $(TEST_FLAGS) $$rest || status=$$?; \
	[ -z "$$chaos" ] || $(PGRUN) $(GOTESTSUM) $(TEST_FORMAT) --jsonfile-timing-events $(EVENTS).chaos -- $(TEST_FLAGS) -timeout=20m $$chaos || status=$$?; \
	[ -z "$$chaos" ] || cat $(EVENTS).chaos >> $(EVENTS); \
	sh test/setup/summary.sh $(EVENTS) || status=1; exit $$status

.PHONY: test-setup
test-setup:
	@CGO_ENABLED=0 go build -buildvcs=false -o $(PGRUN) ./test/pgtest/cmd/pgrun
	@sh test/setup/ensure.sh $(PGRUN)

.PHONY: test-short
test-short: ## Run the fast tests only: no race detector, and no package that needs PostgreSQL
	@go test $$(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... | \
		grep -v -e '/test/pgtest' -e '^[^ ]*/test/e2e' | cut -d ' ' -f 1)

.PHONY: e2e
e2e: ## Run only the end-to-end suite: the built binary, real sockets, SQLite and PostgreSQL
	@$(MAKE) --no-print-directory test PKGS=./test/e2e/...

.PHONY: bench
bench: build test-setup bench-realms ## Measure the shapes of load beside their limits, on SQLite and PostgreSQL (BENCH="-shapes S3 -runs 1")
	@go build -buildvcs=false -o $(CACHE)/bin/bench ./test/bench
	@$(PGRUN) $(CACHE)/bin/bench $(BENCH)

.PHONY: bench-realms
bench-realms: ## Measure parsers and analyses: rows/s, MB/s, and bytes allocated for one run (BENCHTIME=1x)
	@go test -buildvcs=false -run '^$$' -bench . -benchmem -benchtime "$(or $(BENCHTIME),1s)" ./application/realms/content/parse/... ./application/realms/insights/...

.PHONY: bench-ingest
bench-ingest: build ## Measure S11: a generated CSV of 200 MiB through the real server, and the most memory that it held
	@go build -buildvcs=false -o $(CACHE)/bin/bench ./test/bench
	@$(CACHE)/bin/bench -shapes S11 -stores "$(or $(STORE),sqlite)"

# Packages whose tests hold rows of the security sheet.
SHEET_PKGS := ./adapters/... ./application/accounts/ ./application/erasure/ ./application/runtime/ ./application/trafficcop/ ./application/agents/ ./application/realms/... ./bootstrap/ ./test/arch/ ./test/catalogue/

# Packages of the random state machines of row F5; plain tests run a hundred sequences of each, the nightly sheet ten thousand.
MACHINE_PKGS := ./application/accounts ./application/runtime ./application/agents

.PHONY: sheet
sheet: build test-setup ## Run the rows of the security sheet and print the score card (report in .cache/sheet/report.json)
	@rm -rf $(CACHE)/sheet/records
	@status=0; SYMPHAINY_SHEET=$(CACHE)/sheet/records $(PGRUN) $(GOTESTSUM) --format pkgname-and-test-fails --hide-summary=skipped -- -count=1 $(SHEET_PKGS) || status=1; \
	sh test/setup/corpora.sh $(CACHE)/sheet/records || status=1; \
	sh test/setup/times.sh $(CACHE)/sheet/records || status=1; \
	SYMPHAINY_SHEET=$(CACHE)/sheet/records $(PGRUN) go test -count=1 -run '^TestTheEnvironmentIsNeverTold$$' ./test/e2e || status=1; \
	sh test/setup/secrets.sh bin/symphainy $(CACHE)/sheet/records $(GITLEAKS) || status=1; \
	go run -buildvcs=false ./test/chaos -tier short || status=1; \
	go run -buildvcs=false ./test/sheet/cmd/sheet || status=1; exit $$status

.PHONY: sheet-nightly
sheet-nightly: build test-setup ## The same with the nightly tier: the chaos rows in full, 100,000 fuzzed requests, and fuzzing (FUZZTIME=30s)
	@rm -rf $(CACHE)/sheet/records
	@status=0; SYMPHAINY_SHEET_TIER=full SYMPHAINY_SHEET=$(CACHE)/sheet/records $(PGRUN) $(GOTESTSUM) --format pkgname-and-test-fails --hide-summary=skipped -- -count=1 -timeout=30m $(SHEET_PKGS) || status=1; \
	sh test/setup/corpora.sh $(CACHE)/sheet/records || status=1; \
	sh test/setup/times.sh $(CACHE)/sheet/records || status=1; \
	SYMPHAINY_SHEET=$(CACHE)/sheet/records $(PGRUN) go test -count=1 -run '^TestTheEnvironmentIsNeverTold$$' ./test/e2e || status=1; \
	sh test/setup/secrets.sh bin/symphainy $(CACHE)/sheet/records $(GITLEAKS) || status=1; \
	$(PGRUN) sh test/setup/coverage.sh $(CACHE)/sheet/records || status=1; \
	SYMPHAINY_SHEET=$(CACHE)/sheet/records go test -count=1 -timeout 60m -run '^TestMachine' $(MACHINE_PKGS) -rapid.checks 10000 || status=1; \
	sh test/setup/fuzz.sh "$(or $(FUZZTIME),30s)" $(CACHE)/sheet/records || status=1; \
	go build -buildvcs=false -o $(CACHE)/bin/bench ./test/bench && SYMPHAINY_SHEET=$(CACHE)/sheet/records $(PGRUN) $(CACHE)/bin/bench -shapes T11 || status=1; \
	go run -buildvcs=false ./test/chaos -tier full || status=1; \
	go run -buildvcs=false ./test/sheet/cmd/sheet -tiers cn || status=1; exit $$status

.PHONY: sheet-bugs
sheet-bugs: ## Make each seeded mistake (B11-B24) and break each hard rule (H1-H28), and show which row sees it (BUGS=B11,H3)
	@go run -buildvcs=false ./test/sheet/cmd/bugs -only "$(BUGS)"

.PHONY: chaos
chaos: test-setup ## Break a deployment on purpose and judge what is left (ROWS=R1,R5, TIER=short, SEED=, RACE=1, OLD=revision)
	@go run -buildvcs=false ./test/chaos -tier "$(or $(TIER),full)" -rows "$(ROWS)" -seed "$(or $(SEED),0)" -old "$(OLD)" $(if $(RACE),-race)

.PHONY: chaos-bugs
chaos-bugs: test-setup ## Build each seeded bug and show which row catches it (BUGS=B2,B5)
	@go run -buildvcs=false ./test/chaos -bugs "$(or $(BUGS),all)" -seed "$(or $(SEED),0)"

.PHONY: llm
llm: ## Try the endpoint of SYMPHAINY_LLM_BASE_URL, _KEY, _MODEL and _EMBEDDING_MODEL: stream, tool call, early end, vectors
	@go test -count=1 -tags realmodel -run TestARealEndpoint -v ./adapters/openaillm/

##@ Check

.PHONY: verify
verify: ## Fail if mocks, documents, go.mod or formatting are out of date
	@MAKE="$(MAKE)" sh test/setup/verify.sh

.PHONY: lint
lint: ## Check with the pinned golangci-lint (PKGS=)
	@GOLANGCI_LINT_CACHE=$(CACHE)/golangci-lint $(LINT) run $(PKGS)

##@ Change

.PHONY: generate
generate: ## Write mocks and whatever the sources' go:generate lines make
	@rm -f mocks/*.go
	@$(MOCKERY) --log-level warn
	@go generate ./...

.PHONY: clean
clean: ## Remove what was built and cached here (not ./data)
	@rm -rf bin .cache

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
