# DATA is the folder of labelled sources, JUDGE the one of foreign files that nothing is trained on.
DATA  ?= sources
JUDGE ?= judge
MODEL := models/snowman.safetensors
SNOWMAN = go run ./cmd/snowman

.PHONY: test bench model figures fuzz

test:
	go test ./...

bench:
	go test -run '^$$' -bench . -benchmem . ./internal/...

# model trains the shipped model again: the same data and recipe give the same bytes.
model:
	$(SNOWMAN) train -data $(DATA) -recipe models/recipe.json -o $(MODEL) $(shell cat models/flags)

# figures prints every figure of the model card.
figures:
	$(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json -only names
	$(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json -only urls
	$(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json $(JUDGE)/domain_privacybadger_cname_firstparty.tsv.gz $(JUDGE)/dga_families_unseen.tsv.gz $(JUDGE)/dga_families_seen_other_source.tsv.gz $(JUDGE)/domain_jarelllama_light.tsv.gz
	$(SNOWMAN) eval -data $(DATA) -recipe models/recipe.json $(JUDGE)/url_citizenlab_test_lists.tsv.gz $(JUDGE)/url_openphish_public_feed.tsv.gz $(JUDGE)/url_phishtank_2021_gilbertguo.tsv.gz

FUZZTIME ?= 1m
fuzz:
	go test -run '^$$' -fuzz FuzzParse -fuzztime $(FUZZTIME) ./internal/canon
	go test -run '^$$' -fuzz FuzzParseModel -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./internal/modelfile
	go test -run '^$$' -fuzz FuzzReader -fuzztime $(FUZZTIME) ./dataset
