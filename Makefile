# cdrflow. `make` alone prints what there is.
SHELL := /bin/bash
MODULES := services poller enricher ticketer queryapi archiver deployments/local deployments/e2e
STAGES := poller enricher ticketer queryapi archiver
PACKAGES := $(addprefix ./,$(addsuffix /...,$(MODULES)))
SETUP := deployments/tools/setup.sh
export GOFLAGS ?= -buildvcs=false

.DEFAULT_GOAL := help
.PHONY: help demo test build lint bench fmt tidy docs run check fuzz standalone

help: ## print this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: ## install what is missing, build, run the whole house with a simulated call centre (Ctrl-C ends it)
	@$(SETUP) apt engine
	@$(MAKE) --no-print-directory build
	@{ nice -n 10 $(SETUP) minio > bin/minio.log 2>&1 || { cat bin/minio.log; echo 'MinIO could not be built; recordings stay on the local disk'; }; } & \
	bin/cdrflow demo $(DEMO_FLAGS)

build: ## build bin/cdrflow and the five stages
	@mkdir -p bin
	@CGO_ENABLED=0 go build -trimpath -o bin/ $(addprefix ./,$(STAGES))
	@CGO_ENABLED=0 go build -trimpath -o bin/cdrflow ./deployments/local

test: ## install what is missing, then run every test against real servers, with the race detector
	@$(SETUP) test
	go test -race -timeout 40m -p 2 $(PACKAGES)

lint: ## gofumpt, goimports, go vet, staticcheck and the import rules
	@deployments/tools/lint.sh
	@go test -count=1 -run 'TestWho|TestForbidden|TestNames|TestServices|TestOnly|TestStages' ./deployments/e2e

bench: ## measure: throughput against the engine's own copy, memory, freshness; prints tables
	@$(SETUP) test
	@$(MAKE) --no-print-directory build
	go test -run '^$$' -bench '^BenchmarkHouse' -benchtime 1x -timeout 60m -v ./deployments/e2e
	go test -run '^$$' -bench '^BenchmarkHistory' -benchtime 1x -timeout 60m -v ./deployments/e2e
	go test -run '^$$' -bench 'Classify|Understand' ./enricher
	go test -run '^$$' -bench '^BenchmarkConversations' -benchtime 1x -timeout 60m -v ./services/clickhouse
	go test -run '^$$' -bench '^BenchmarkExport' -benchtime 1x -timeout 60m -v ./queryapi

FUZZED := services/call:FuzzReader enricher:FuzzRules enricher:FuzzPattern enricher:FuzzChannel enricher:FuzzUserfield enricher:FuzzNumber enricher:FuzzClid enricher:FuzzConversation enricher:FuzzManyRows queryapi:FuzzMask queryapi:FuzzToken
FUZZTIME ?= 60s

fuzz: ## fuzz what reads foreign bytes, a minute each (FUZZTIME=10m for longer)
	@for one in $(FUZZED); do go test -run '^$$' -fuzz "$${one#*:}$$" -fuzztime $(FUZZTIME) "./$${one%:*}" || exit 1; done

fmt: ## format everything
	@deployments/tools/lint.sh tools
	@bin/gofumpt -w $$(git ls-files '*.go' ':!*.gen.go') && bin/goimports -w $$(git ls-files '*.go' ':!*.gen.go')

tidy: ## tidy every module and the workspace
	@for m in $(MODULES) deployments/tools/minio deployments/tools/lint deployments/tools/openapi; do (cd $$m && GOWORK=off go mod tidy) || exit 1; done
	@go work sync

docs: ## write what is generated: docs/configuration.md, and the client of the API that the tests use
	@go run ./deployments/e2e/configdoc
	@cd deployments/e2e/calllogs && GOWORK=off go tool -modfile=../../tools/openapi/go.mod oapi-codegen -config client.yaml -o client.gen.go ../../../queryapi/openapi.yaml

run: ## run one stage: make run STAGE=enricher
	@go run ./$(STAGE)

standalone: ## build every stage without the workspace, as an image build does
	@for m in $(STAGES); do (cd $$m && GOWORK=off CGO_ENABLED=0 go build -o /dev/null .) || exit 1; done

check: lint standalone test ## what CI runs, and lint
