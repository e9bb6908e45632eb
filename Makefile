# DATA is the folder of labelled sources, JUDGE the one of foreign files that nothing is trained on.
DATA  ?= sources
JUDGE ?= judge
MODEL := models/snowman.safetensors
SNOWMAN = go run ./cmd/snowman

.PHONY: test bench model figures startup fuzz check-onnx

test:
	go test ./...

bench:
	go test -run '^$$' -bench . -benchmem . ./internal/...

# model trains the shipped model again: the same data and recipe give the same bytes.
model:
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -o $(MODEL) $(shell cat models/flags)

# figures prints every figure of the model card.
EVAL = $(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json
figures:
	$(EVAL) -only names
	$(EVAL) -only urls
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,domain_privacybadger_cname_firstparty \
		dga_families_unseen dga_families_seen_other_source domain_jarelllama_light))
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,url_citizenlab_test_lists \
		url_openphish_public_feed url_phishtank_2020_05_namgung url_phishtank_2021_gilbertguo))
	$(EVAL) $(addprefix $(JUDGE)/,$(addsuffix .tsv.gz,url_citizenlab_test_lists \
		domain_privacybadger_yellowlist domain_jarelllama_whitelist domain_privacybadger_cname_firstparty))

# startup measures how long the program takes to its first answer.
startup:
	@mkdir -p build && CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman && ls -l build/snowman
	@for i in 1 2 3 4 5; do bash -c 'TIMEFORMAT="%3R s"; time build/snowman score github.com > /dev/null'; done

FUZZTIME ?= 1m
fuzz:
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./internal/canon
	go test -run '^$$' -fuzz FuzzParseModel -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./internal/modelfile
	go test -run '^$$' -fuzz FuzzReader -fuzztime $(FUZZTIME) ./dataset
	go test -run '^$$' -fuzz FuzzHandler -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./web

# check-onnx compares ONNX Runtime on exported models, the shipped one and a toy without a hidden
# layer, with the program on 10,000 texts of DATA. It needs Python 3 and a network the first time.
PYTHON ?= python3
ONNX   := internal/modelfile/testdata/onnx
check-onnx:
	$(PYTHON) -m venv build/onnx
	build/onnx/bin/pip install --quiet --disable-pip-version-check -r $(ONNX)/requirements.txt
	CGO_ENABLED=0 go build -o build/snowman ./cmd/snowman
	build/onnx/bin/python $(ONNX)/check.py build/snowman $(DATA) $(MODEL) web/testdata/toy.safetensors
