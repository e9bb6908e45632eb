package main

import (
	"fmt"
	"io"

	"github.com/snowman-ml/snowman/bench/internal/markdown"
)

// A publishedModel is a larger model whose figures others published, on rows of their own.
type publishedModel struct {
	title, size, rows, figures, source string
}

var publishedModels = []publishedModel{
	{"URLTran, fine-tuned BERT", "BERT base", "phishing URLs of a browser's telemetry",
		"finds 86.8 % at 1 in 10,000", "Maneriker et al. 2021, arXiv 2106.05256"},
	{"DomURLs_BERT", "110 M", "ThreatFox domains",
		"accuracy .886, macro F1 .882", "El Mahdaouy et al. 2024, arXiv 2409.09143"},
	{"BERT, fine-tuned on URLs", "BERT", "ealvaradob/phishing-dataset, URLs",
		"accuracy .977, recall .964, AUC .997", "model card ealvaradob/bert-phishing-url"},
	{"BERT base, fine-tuned on URLs", "110 M", "Rishik001/URLs",
		"accuracy .875, AUC .949; 165 URLs/s, machine not said", "model card adhit-420/bert-phishing-classifier"},
	{"urlbert-tiny v2", "3.7 M", "ealvaradob/phishing-dataset, URLs",
		"validation score .962", "model card CrabInHoney/urlbert-tiny-v2-phishing-classifier"},
	{"character transformer for generated names", "4 layers of 256", "ExtraHop's DGA names",
		"accuracy .968, F1 .968", "repository ccss17/DGA-Transformer-Encoder"},
}

func printPublished(w io.Writer) {
	table := markdown.NewTable(w, "Larger models, as published", "", "parameters", "rows", "figures", "published in")
	for _, m := range publishedModels {
		table.Row(m.title, m.size, m.rows, m.figures, m.source)
	}
	fmt.Fprint(w, "\nNothing of this table was measured here: other rows, other splits, other machines. Of urlBERT (arXiv 2402.11495) no figure could be had. Snowman beside published figures on the same rows: [public benchmarks](benchmarks.md).\n\n")
}
