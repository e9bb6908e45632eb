# The targets for those who train models and measure them, with data that is not in this repository:
# DATA, the labelled sources; JUDGE, foreign files that nothing is trained on; BENCH, public benchmarks.
JUDGE ?= judge
BENCH ?= bench-data
SNOWMAN = go run ./cmd/snowman

.PHONY: model figures reference ageing judge bench-top bench-blocks bench-ageing bench-peers bench-public

# The same data and recipe give the same model, byte for byte.
model: ## train the shipped model again
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -o $(MODEL) $(shell cat models/flags)

# figures reads the data once, and fails if the default arithmetic is too far from float32. How the model ages
# stays as it is in the card unless make ageing was run before.
CARDFLAGS ?=
figures: ## measure every figure of the model card, and write it there
	go run ./bench/card -data $(DATA) -recipe models/recipe.json -judge $(JUDGE) \
		$(if $(wildcard $(AGED)-urls.json),-ageing $(AGED)) $(CARDFLAGS)
	go test ./internal/card -run TheCardIsRendered -update

# train measures a reference by itself. This adds one to a model file that lacks it; the weights stay.
reference: ## measure the reference of the shipped model for snowman drift, and write it into its file
	go run ./bench/card -data $(DATA) -recipe models/recipe.json -reference $(MODEL)

# ageing trains a model on malicious rows first seen before the month AGE_FROM, and measures it on those of
# the months since, for make figures.
AGE_FROM ?= 2025-01
AGED     := build/ageing
ageing: ## measure how a model ages, month by month
	@mkdir -p build && rm -f $(AGED)-*.json
	sed 's/"report_from": "[^"]*"/"report_from": "$(AGE_FROM)"/' models/recipe.json > $(AGED).json
	$(SNOWMAN) train -data $(DATA) -recipe $(AGED).json $(shell cat models/flags) -folds 0 -o $(AGED).safetensors > $(AGED).txt
	for only in names urls; do $(SNOWMAN) eval -data $(DATA) -recipe $(AGED).json -model $(AGED).safetensors \
		-only $$only -json > $(AGED)-$$only.json || exit; done

# judge takes JUDGEFLAGS, such as -model FILE,RECIPE for each of several models, -quick and -intervals.
judge: ## hold models against the files of JUDGE
	go run ./bench/judge -data $(DATA) -recipe models/recipe.json -judge $(JUDGE) $(JUDGEFLAGS)

# bench-top takes TOPFLAGS, such as -model FILE and -seeds N. What it makes of the data stays in build/planted.
bench-top: ## plant generated names into days of ordinary queries, and see how high they rank
	go run ./bench/planted -data $(DATA) -recipe models/recipe.json -unseen $(JUDGE)/dga_families_unseen.tsv.gz $(TOPFLAGS)

# bench-blocks makes lists without an allow list, with what block lists of others had to exempt (from JUDGE), and
# with the most popular domains of 2026 and all below them. It takes BLOCKSFLAGS, such as -seeds N.
BLOCKS := build/blocks
EXEMPT := domain_false_positives domain_privacybadger_yellowlist domain_jarelllama_whitelist
bench-blocks: ## count the benign and the malicious names that a block list of a day blocks
	@mkdir -p $(BLOCKS)
	for file in $(EXEMPT); do zcat $(JUDGE)/$$file.tsv.gz; done | grep -v '^text' | cut -f1 > $(BLOCKS)/exempted.txt
	zcat $(DATA)/domain_tranco_top100k_2026_04.tsv.gz | grep -v '^text' | cut -f1 | sed 's/^/*./' > $(BLOCKS)/popular.txt
	go run ./bench/blocks -data $(DATA) -recipe models/recipe.json -allow $(BLOCKS)/exempted.txt -allow $(BLOCKS)/popular.txt $(BLOCKSFLAGS)

# bench-ageing needs two cores for half an hour. Models stay in build/ageing-months, and are not trained
# again. It takes AGEINGFLAGS; docs/ageing.md has those for all rows, which want another folder.
bench-ageing: ## compare ways to retrain, as of past dates
	@mkdir -p build/ageing-months
	go run ./bench/ageing -data $(DATA) -recipe models/recipe.json -work build/ageing-months -seeds 2 \
		-json build/ageing-months.json -pictures docs/pictures $(AGEINGFLAGS)

# bench-peers installs the peers and trains the network, of one view, which is all that the peers have, and the
# models that are compared with it, where that is not done yet: a transformer takes half an hour of one core. The
# tables stay in build/peers/tables.md; build/peers/peers -h lists the PEERSFLAGS. The run takes half an hour of
# two quiet cores.
PEERS := build/peers
bench-peers: $(PEERS)/installed $(PEERS)/fasttext $(PEERS)/network.safetensors ## measure Snowman against other ways to run its network, and against other models
	CGO_ENABLED=0 go build -o $(PEERS)/snowman ./cmd/snowman
	CGO_ENABLED=0 go build -o $(PEERS)/peers ./bench/peers
	$(PEERS)/peers -train -data $(DATA)
	$(PEERS)/snowman model export -onnx $(PEERS)/network.onnx $(PEERS)/network.safetensors
	$(PEERS)/peers -data $(DATA) $(PEERSFLAGS) > $(PEERS)/tables.md
	@cat $(PEERS)/tables.md

$(PEERS)/installed: bench/peers/requirements.txt
	python3 -m venv $(PEERS)/python
	@grep -v '^#' $< | while read package; do echo "installing $$package"; \
		$(PEERS)/python/bin/python -m pip install -q "$$package" || echo "$$package is not available"; done
	@touch $@

# The Python package holds the program's source only.
$(PEERS)/fasttext: $(PEERS)/installed
	-cd $(PEERS) && python/bin/python -m pip download -q --no-deps --no-binary :all: -d source "$$(grep ^fasttext ../../bench/peers/requirements.txt)" && \
		tar xzf source/fasttext-*.tar.gz -C source && \
		g++ -O3 -march=native -funroll-loops -DNDEBUG -std=c++17 -pthread source/fasttext-*/src/*.cc -o fasttext

$(PEERS)/network.safetensors:
	@mkdir -p $(PEERS)
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -widths 2,3,4,5 -views 1 -epochs 1 -o $@

# bench-public prints our figures beside published ones, as docs/benchmarks.md has them. The models stay in
# build/public, and are not trained again.
bench-public: ## train and measure on public benchmarks
	go run ./bench/public -data $(BENCH) -sources $(DATA) -recipe models/recipe.json -work build/public
