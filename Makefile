# DATA is the folder of labelled sources.
DATA  ?= sources
MODEL := models/snowman.safetensors

.PHONY: help test test-coredns bench bench-coredns bench-helper bench-logs bench-lists bench-kafka bench-against soak startup retrain-sample fuzz browsers check-onnx check-api check-logs check-lists check-kafka check-page pictures check-deploy release check-release python-wheel check-python bench-python check-recipes bench-recipes

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

include research.mk

test: ## run the tests
	go test ./...

# The plugin for CoreDNS is a module of its own: ./... of this one does not see it.
test-coredns: ## run the tests of the plugin for CoreDNS
	cd coredns && go mod tidy -diff && go vet ./... && go test ./...

bench: ## run the Go benchmarks
	go test -run '^$$' -bench . -benchmem . ./allow ./internal/...

# bench-coredns needs two free cores, and takes a minute.
bench-coredns: ## measure CoreDNS with the plugin and without it
	@mkdir -p build
	cd coredns && go test -run '^$$' -bench . && CGO_ENABLED=0 go build -o ../build/coredns ./cmd/coredns && go run ./bench -coredns ../build/coredns

# bench-against takes turns between this tree and the commit BASE. Three layouts of either binary even out
# where hot loops happen to lie, which alone can make 10 % (docs/experiments/speed.md).
BASE        ?= HEAD~1
ROUNDS      ?= 4
BENCHED     ?= . ./internal/canon ./internal/cnn ./internal/kernel
AGAINST     := build/against
BENCH_FLAGS ?= -test.benchtime=100ms
bench-against: ## compare the Go benchmarks with those of the commit BASE, in turns
	rm -rf $(AGAINST) && git worktree prune && mkdir -p $(AGAINST)
	git worktree add --detach $(AGAINST)/tree $(BASE)
	for layout in 1 2 3; do for package in $(BENCHED); do \
		name=$$layout-$$(echo $$package | tr -dc a-z); \
		go test -c -ldflags=-randlayout=$$layout -o $(AGAINST)/new-$$name $$package && \
		(cd $(AGAINST)/tree && go test -c -ldflags=-randlayout=$$layout -o ../old-$$name $$package) || exit; \
	done; done
	for round in $$(seq $(ROUNDS)); do for layout in 1 2 3; do for package in $(BENCHED); do for side in old new; do \
		program=$$PWD/$(AGAINST)/$$side-$$layout-$$(echo $$package | tr -dc a-z); \
		(cd $$package && $$program -test.run '^$$' -test.bench . $(BENCH_FLAGS)) >> $(AGAINST)/$$side.txt; \
	done; done; done; done
	git worktree remove --force $(AGAINST)/tree
	go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da $(AGAINST)/old.txt $(AGAINST)/new.txt

# soak needs wrk, and takes twenty-five minutes; build/soak -h lists the SOAKFLAGS.
soak: ## measure and torture the service, on loopback alone
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o build/soak ./bench/soak
	build/soak -snowman build/snowman $(SOAKFLAGS)

bench-helper: ## measure the helper through pipes, and check its answers
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	go run ./bench/helper

# bench-logs needs two free cores and 2 GB of disk, and takes an hour; build/bench-logs -h lists the
# BENCHLOGSFLAGS.
bench-logs: ## measure how fast logs are read, format by format
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o build/bench-logs ./bench/logs
	build/bench-logs -snowman build/snowman $(BENCHLOGSFLAGS)

# bench-lists needs two free cores and 2 GB of disk, and takes ten minutes; build/bench-lists -h lists the
# BENCHLISTSFLAGS. bench/servers/install installs the programs that load the lists.
bench-lists: ## measure block lists of a million entries: writing them, and loading them
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o build/bench-lists ./bench/lists
	build/bench-lists -snowman build/snowman $(BENCHLISTSFLAGS)

retrain-sample: ## retrain a tiny model on made-up feeds, and refuse poisoned ones
	@mkdir -p build && CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	docs/retraining/run $$PWD/build/snowman $$PWD/build/retrain-sample

startup: ## time the program's first answer: the medians of 21 turns
	@mkdir -p build && CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman && ls -l build/snowman
	@for i in $$(seq 21); do bash -c 'TIMEFORMAT="%3R %3U %3S"; time build/snowman score github.com > /dev/null'; done 2> build/startup.txt
	@awk '{ print 1000 * $$1 }' build/startup.txt | sort -n | awk 'NR == 11 { print $$1 " ms" }'
	@awk '{ print 1000 * ($$2 + $$3) }' build/startup.txt | sort -n | awk 'NR == 11 { print $$1 " ms of processor time" }'

# Every target runs for FUZZTIME, even if an earlier one fails. Those of SLOW are too slow to make an
# input smaller by many tries.
FUZZTIME ?= 1m
SLOW     := FuzzParseModel FuzzReadKept FuzzHandler FuzzService FuzzDecodedBody
fuzz: ## run every fuzz target, and list those that failed
	@failed=; count=0; \
	for found in $$(grep -roE --include='*_test.go' --exclude-dir=build --exclude-dir=dist --exclude-dir=node_modules '^func Fuzz\w+' . | sed -E 's,/[^/]*:func ,:,' | sort); do \
		target=$${found#*:}; minimize=1m; count=$$((count + 1)); \
		case " $(SLOW) " in *" $$target "*) minimize=10x ;; esac; \
		echo "== $$found"; \
		go test -C $${found%:*} -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime $$minimize . || failed="$$failed $$found"; \
	done; \
	echo "== $$count targets, failed:$${failed:- none}"; \
	[ -z "$$failed" ] && [ $$count -gt 0 ]

# CHROMIUM is the browser, by default /usr/bin/chromium. A program that is missing is named.
browsers: ## compare the canonical form with what Chromium and Node make of URLs
	go test -count 1 -v -timeout 30m ./bench/browsers -whole

# check-onnx takes the shipped model, a toy without a hidden layer, and 10,000 texts of DATA. It needs
# Python 3, and a network the first time.
PYTHON ?= python3
ONNX   := internal/modelfile/testdata/onnx
check-onnx: ## compare ONNX Runtime on exported models with the program
	$(PYTHON) -m venv build/onnx
	build/onnx/bin/pip install --quiet --disable-pip-version-check -r $(ONNX)/requirements.txt
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	build/onnx/bin/python $(ONNX)/check.py build/snowman $(DATA) $(MODEL) web/testdata/toy.safetensors

# Triton's client speaks /v2 to the service, openapi-spec-validator reads the service's description, and
# schemathesis sends what the description allows and what it does not.
API     := web/testdata/api
API_AT  := 127.0.0.1:5055
CHECKS  := not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
check-api: ## check the service with other people's tools
	$(PYTHON) -m venv build/api
	build/api/bin/pip install --quiet --disable-pip-version-check -r $(API)/requirements.txt
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	build/api/bin/openapi-spec-validator web/openapi.json
	build/snowman serve -listen $(API_AT) -access-log=false & server=$$!; trap "kill $$server" EXIT; sleep 1; \
		build/api/bin/python $(API)/tritonclient_check.py $(API_AT) && \
		SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$(API) build/api/bin/schemathesis run http://$(API_AT)/openapi.json --checks $(CHECKS) --max-examples 100 --no-color

# Name servers, proxies, web servers, tcpdump and Suricata of this machine write logs on loopback. A
# program that is missing is named as NOT TESTED; bench/servers/install installs those of Debian.
check-logs: ## read the logs of real servers while they write them
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	go test -count 1 -v -timeout 20m -skip '$(LIST_TESTS)' ./bench/servers -start

# Name servers, Suricata and packages of Python load the lists of snowman list, with NAMES names beside the
# odd ones, and Squid asks the helper for URLS URLs while its model is replaced, Postfix for some mails. What
# is missing is named as NOT TESTED; check-lists needs a network the first time.
NAMES      ?= 100000
URLS       ?= 10000
LIST_TESTS := ^Test(Lists|SquidAsks|PostfixAsks)$$
check-lists: ## have other people's programs load lists, and ask the helper
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	{ $(PYTHON) -m venv build/lists && build/lists/bin/pip install --quiet --disable-pip-version-check -r bench/servers/requirements.txt; } || true
	go test -count 1 -v -timeout 20m -run '$(LIST_TESTS)' ./bench/servers -start -names $(NAMES) -urls $(URLS)

# Two workers of a group are killed while they work, and Apache Kafka, fetched from Maven the first time, is
# restarted under them; without java and mvn it says NOT TESTED. The long forms take a quarter of an hour each:
# make check-kafka KAFKAFLAGS='-long -records 1000000 -kills 20 -restarts 2 -rate 1500'
# make check-kafka KAFKAFLAGS='-run TestNothing -brokers 3 -restarts 3 -records 50000'
# make check-kafka KAFKAFLAGS='-run TestMemory -steady 10m -rate 5000'
KAFKAFLAGS ?=
check-kafka: ## kill workers and a real broker: is a message lost, or there twice?
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	go test -count 1 -v -timeout 2h ./bench/kafka -start $(KAFKAFLAGS)

# bench-kafka needs two free cores, and takes some minutes.
MEASURED ?= 1000000
bench-kafka: ## measure workers for Kafka beside one that copies
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	go test -count 1 -v -timeout 1h -run TestRate ./bench/kafka -start -measured $(MEASURED)

# CHROMIUM is the browser, by default /usr/bin/chromium; axe-core looks for what keeps people out of a
# page. check-page needs Node.js 20, and a network the first time.
check-page: web/browser/node_modules ## use the pages in Chromium as people do
	cd web/browser && npm test

pictures: web/browser/node_modules ## take the pictures of the pages for docs
	cd web/browser && node pictures.js

web/browser/node_modules: web/browser/package-lock.json
	cd web/browser && npm ci --no-audit --no-fund

# The tools: honcho, hadolint, systemd-analyze, kubernetes-validate, promtool, and Grafana's own types. A
# tool that cannot be had is named.
check-deploy: ## check deploy with other people's tools
	deploy/check

# The tree must equal its commit, and the commit should have a tag: v1.2.3 is then the version.
release: ## build the archives of a release for every system, with their sums, in dist
	go run ./deploy/release

# The last line is its path.
python-wheel: ## build the Python package for this machine, as a wheel in build
	@go run ./deploy/release wheel build

# Each Python from 3.9 on that this machine has gets the wheel in a new environment, with the libraries
# that can be had for it; PYTHON_CHECK=-short takes two. What is missing is named as NOT TESTED.
check-python: ## test the Python package in clean environments
	wheel=$$(go run ./deploy/release wheel build | tail -n 1) && python/check $(PYTHON_CHECK) "$$wheel"

# bench-python needs two free cores.
bench-python: ## measure the Python package beside snowman score
	wheel=$$(go run ./deploy/release wheel build | tail -n 1) && $(PYTHON) -m venv build/bench-python && \
		build/bench-python/bin/pip install --quiet --disable-pip-version-check --force-reinstall "$$wheel" pandas polars pyarrow && \
		build/bench-python/bin/python python/bench.py

# The recipes need 2 GB of disk, a network the first time, and Java for Spark; RECIPES_CHECK=-short is
# without Spark. What is missing is named as NOT TESTED.
check-recipes: ## run the recipes for Spark, DuckDB, ClickHouse, pandas, polars and Jupyter
	wheel=$$(go run ./deploy/release wheel build | tail -n 1) && python/recipes/check $(RECIPES_CHECK) "$$wheel"

# bench-recipes needs two free cores; RECIPES_NAMES=20000 is a smoke run.
bench-recipes: ## measure the recipes beside snowman score
	wheel=$$(go run ./deploy/release wheel build | tail -n 1) && python/recipes/check -bench "$$wheel"

# SYSTEMS=linux/arm64 is quicker.
check-release: ## make a release twice and compare the bytes
	deploy/release/check $(SYSTEMS)
