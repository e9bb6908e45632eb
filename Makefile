# DATA is the folder of labelled sources, JUDGE the one of foreign files that nothing is trained on,
# BENCH the one of public benchmarks.
DATA  ?= sources
JUDGE ?= judge
BENCH ?= bench-data
MODEL := models/snowman.safetensors
SNOWMAN = go run ./cmd/snowman

.PHONY: test bench bench-peers bench-public soak ageing model figures startup fuzz check-onnx check-api check-page pictures check-deploy release check-release

test:
	go test ./...

bench:
	go test -run '^$$' -bench . -benchmem . ./allow ./internal/...

# bench-peers measures Snowman against other ways to run the same network, and against fastText. It
# installs them, and trains the network, where it has not done so before; -h of build/peers/peers
# shows what PEERSFLAGS may be. The tables stay in build/peers/tables.md.
PEERS := build/peers
bench-peers: $(PEERS)/installed $(PEERS)/fasttext $(PEERS)/network.safetensors
	CGO_ENABLED=0 go build -o $(PEERS)/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o $(PEERS)/peers ./bench/peers
	$(PEERS)/snowman model export -onnx $(PEERS)/network.onnx $(PEERS)/network.safetensors
	$(PEERS)/peers -data $(DATA) $(PEERSFLAGS) > $(PEERS)/tables.md
	@cat $(PEERS)/tables.md

$(PEERS)/installed: bench/peers/requirements.txt
	python3 -m venv $(PEERS)/python
	@grep -v '^#' $< | while read package; do echo "installing $$package"; \
		$(PEERS)/python/bin/pip install -q "$$package" || echo "$$package is not available"; done
	@touch $@

# The Python package has no program in it, but the source of one.
$(PEERS)/fasttext: $(PEERS)/installed
	-cd $(PEERS) && python/bin/pip download -q --no-deps --no-binary :all: -d source "$$(grep ^fasttext ../../bench/peers/requirements.txt)" && \
		tar xzf source/fasttext-*.tar.gz -C source && \
		g++ -O3 -march=native -funroll-loops -DNDEBUG -std=c++17 -pthread source/fasttext-*/src/*.cc -o fasttext

$(PEERS)/network.safetensors:
	@mkdir -p $(PEERS)
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -widths 2,3,4,5 -epochs 1 -o $@

# bench-public trains on the public benchmarks of BENCH and prints our figures beside published ones:
# docs/benchmarks.md. The models stay in build/public, and are not trained again.
bench-public:
	$(SNOWMAN) bench public -data $(BENCH) -sources $(DATA) -recipe models/recipe.json -work build/public

# soak measures and tortures the service, on loopback alone, for a quarter of an hour. It
# needs wrk; -h of build/soak shows what SOAKFLAGS may be.
soak:
	@mkdir -p build
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o build/soak ./bench/soak
	build/soak -snowman build/snowman $(SOAKFLAGS)

# model trains the shipped model again: the same data and recipe give the same bytes.
model:
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -o $(MODEL) $(shell cat models/flags)

# figures prints every figure of the model card, and how far the default arithmetic is from float32.
EVAL = $(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json
figures:
	$(EVAL) -only names
	$(EVAL) -only urls
	$(EVAL) -compare-exact
	$(EVAL) -perturbed
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,domain_privacybadger_cname_firstparty \
		dga_families_unseen dga_families_seen_other_source domain_jarelllama_light))
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,url_citizenlab_test_lists \
		url_openphish_public_feed url_phishtank_2020_05_namgung url_phishtank_2021_gilbertguo))
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,url_citizenlab_test_lists \
		domain_privacybadger_yellowlist domain_jarelllama_whitelist domain_privacybadger_cname_firstparty))

# ageing trains a model on malicious rows first seen before the month AGE_FROM, and measures it on those of the
# months since: the figures by month say how a model ages.
AGE_FROM ?= 2025-01
AGED     := build/ageing
ageing:
	@mkdir -p build
	sed 's/"report_from": "[^"]*"/"report_from": "$(AGE_FROM)"/' models/recipe.json > $(AGED).json
	$(SNOWMAN) train -data $(DATA) -recipe $(AGED).json $(shell cat models/flags) -folds 0 -o $(AGED).safetensors > $(AGED).txt
	$(SNOWMAN) eval -data $(DATA) -recipe $(AGED).json -model $(AGED).safetensors -only names
	$(SNOWMAN) eval -data $(DATA) -recipe $(AGED).json -model $(AGED).safetensors -only urls

# startup measures how long the program takes to its first answer.
startup:
	@mkdir -p build && CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman && ls -l build/snowman
	@for i in 1 2 3 4 5; do bash -c 'TIMEFORMAT="%3R s"; time build/snowman score github.com > /dev/null'; done

FUZZTIME ?= 1m
fuzz:
	go test -run '^$$' -fuzz FuzzAppendJSON -fuzztime $(FUZZTIME) ./internal/visible
	go test -run '^$$' -fuzz FuzzText -fuzztime $(FUZZTIME) ./internal/visible
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./internal/canon
	go test -run '^$$' -fuzz FuzzLook -fuzztime $(FUZZTIME) ./internal/lookalike
	go test -run '^$$' -fuzz FuzzDecode -fuzztime $(FUZZTIME) ./internal/lookalike
	go test -run '^$$' -fuzz FuzzOperators -fuzztime $(FUZZTIME) ./internal/canon
	go test -run '^$$' -fuzz FuzzParseModel -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./internal/modelfile
	go test -run '^$$' -fuzz FuzzReader -fuzztime $(FUZZTIME) ./dataset
	go test -run '^$$' -fuzz FuzzReadKept -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./report
	go test -run '^$$' -fuzz FuzzRead -fuzztime $(FUZZTIME) ./allow
	go test -run '^$$' -fuzz FuzzMatch -fuzztime $(FUZZTIME) ./allow
	go test -run '^$$' -fuzz FuzzHandler -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./web
	go test -run '^$$' -fuzz FuzzService -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./web
	go test -run '^$$' -fuzz FuzzTextOfJSON -fuzztime $(FUZZTIME) ./web
	go test -run '^$$' -fuzz FuzzReadKeys -fuzztime $(FUZZTIME) ./web

# check-onnx compares ONNX Runtime on exported models, the shipped one and a toy without a hidden
# layer, with the program on 10,000 texts of DATA. It needs Python 3 and a network the first time.
PYTHON ?= python3
ONNX   := internal/modelfile/testdata/onnx
check-onnx:
	$(PYTHON) -m venv build/onnx
	build/onnx/bin/pip install --quiet --disable-pip-version-check -r $(ONNX)/requirements.txt
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	build/onnx/bin/python $(ONNX)/check.py build/snowman $(DATA) $(MODEL) web/testdata/toy.safetensors

# check-api holds the service to what other people's tools make of it: Triton's client speaks /v2 to it,
# openapi-spec-validator reads its description, and schemathesis sends what that allows, and what not.
API     := web/testdata/api
API_AT  := 127.0.0.1:5055
CHECKS  := not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance
check-api:
	$(PYTHON) -m venv build/api
	build/api/bin/pip install --quiet --disable-pip-version-check -r $(API)/requirements.txt
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	build/api/bin/openapi-spec-validator web/openapi.json
	build/snowman serve -listen $(API_AT) -access-log=false & server=$$!; trap "kill $$server" EXIT; sleep 1; \
		build/api/bin/python $(API)/tritonclient_check.py $(API_AT) && \
		SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$(API) build/api/bin/schemathesis run http://$(API_AT)/openapi.json --checks $(CHECKS) --max-examples 100 --no-color

# check-page uses the pages as people do, in Chromium (CHROMIUM, by default /usr/bin/chromium), and has axe-core look
# at them. It needs Node.js 20, and a network the first time.
check-page: web/browser/node_modules
	cd web/browser && npm test

# pictures makes those of docs, from the same pages.
pictures: web/browser/node_modules
	cd web/browser && node pictures.js

web/browser/node_modules: web/browser/package-lock.json
	cd web/browser && npm ci --no-audit --no-fund

# check-deploy holds what stands in deploy to what other people's tools make of it: honcho, hadolint,
# systemd-analyze, kubernetes-validate, promtool, and Grafana's own types. What it cannot get, it names.
check-deploy:
	deploy/check

# release builds the archives of a release for every system, with their sums, in dist. The tree must be
# what was committed, and the commit should have a tag: v1.2.3 is then the version.
release:
	go run ./deploy/release

# check-release makes a release twice and wants the same bytes; SYSTEMS=linux/arm64 is quicker.
check-release:
	deploy/release/check $(SYSTEMS)
