"""Compares the ONNX export with the Go program on real texts. make check-onnx runs it.

usage: check.py SNOWMAN DATA MODEL...

It exports each MODEL with the program SNOWMAN, scores texts from the files of the folder DATA with
ONNX Runtime and with the program, and fails if they are too far apart. The examples of docs/onnx.md
turn texts into the graph's inputs.
"""

import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy
import onnx

LIMIT = 1e-5  # the largest difference allowed
TEXTS = 10_000  # half of them names, half URLs
BATCHES = [1, 3, 64, 256]  # sizes, in turn

# Texts that the sample may lack: each has a part that is divided, cut or not read.
ODD = [text.encode() for text in [
    "user@example.com", "u" * 60 + ":p@example.com/a@b", "@example.com/" + "p" * 300, "[2001:db8::1]:8080/a",
    "192.0.2.1:8080?q", "example.com#f?/@:", "example.com/a?b?c#d#e", "example.com/?" + "q" * 300 + "#f",
    "u" * 300 + "@" + "example." * 30 + "com:8080/a?b#c", "example.com/\u00fc b%20", "b\u00fccher.example/", "a%2fb.example",
    "qx.cloudfront.net/x", "cloudfront.net", "z@qx.elb.us-east-1.amazonaws.com:8080/" + "p" * 300, "z.notcloudfront.net",
]]

# The program's scores in float32, the arithmetic of the export.
SCORE = ["score", "-json", "-exact"]


def fail(message):
    sys.exit(f"check-onnx: {message}")


def read_texts(folder):
    """Returns names and URLs, from files whose names tell which is which."""
    names, urls = [], []
    for path in sorted(folder.glob("*.tsv.gz")):
        with gzip.open(path) as file:
            header = next(file).rstrip(b"\r\n").split(b"\t")
            column = header.index(b"text")
            (urls if path.name.startswith("url_") else names).extend(
                line.rstrip(b"\r\n").split(b"\t")[column] for line in file
            )
    return names, urls


def sample(folder):
    """Returns the same texts each time, in no order of length or kind."""
    choose = random.Random(1)
    texts = []
    for kind, found in zip(("names", "URLs"), read_texts(folder)):
        if len(found) < TEXTS:
            fail(f"{len(found)} {kind} in {folder}, want at least {TEXTS}")
        texts.append(choose.sample(found, TEXTS))
    return texts


def output_lines(command, texts):
    done = subprocess.run(command, input=b"".join(t + b"\n" for t in texts), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True)
    lines = done.stdout.split(b"\n")[:-1]
    if len(lines) != len(texts):
        fail(f"{command[0]} answers {len(texts)} texts with {len(lines)} lines")
    return lines


def example(document, language):
    return re.search(rf"^```{language}\n(.*?)^```$", document, re.S | re.M)[1]


def main(program, data, *models):
    root = pathlib.Path(__file__).parents[4]
    document = (root / "docs/onnx.md").read_text()
    program = pathlib.Path(program).resolve()
    models = [pathlib.Path(model).resolve() for model in models]
    groups = sample(pathlib.Path(data))

    os.chdir(root)  # of the module that the Go example imports
    with tempfile.TemporaryDirectory() as folder:
        source, encoder = pathlib.Path(folder) / "symbols.go", pathlib.Path(folder) / "symbols"
        source.write_text(example(document, "go"))
        subprocess.run(["go", "build", "-o", encoder, source], check=True)
        os.chdir(folder)  # where the Python example finds its model
        differences = []
        for model in models:
            rows = encode([encoder, model], groups)
            differences.append(compare(program, model, rows, example(document, "python")))
        os.chdir(root)
    if max(differences) > LIMIT:
        fail(f"the largest difference is {max(differences):.3g}, want at most {LIMIT:g}")


def encode(command, groups):
    """Returns texts and the inputs for them, in no order of length or kind."""
    rows = []
    for texts in groups:
        encoded = output_lines(command, texts)
        rows += [(text, json.loads(line)) for text, line in zip(texts, encoded) if line][: TEXTS // 2]
    if len(rows) < TEXTS:
        fail(f"only {len(rows)} of the texts have symbols")
    rows += [(text, json.loads(line)) for text, line in zip(ODD, output_lines(command, ODD)) if line]
    random.Random(2).shuffle(rows)
    return rows


def compare(program, model, rows, code):
    """Returns the largest difference between two scores or probabilities of a text."""
    subprocess.run([program, "model", "export", "-onnx", "snowman.onnx", model], check=True)
    onnx.checker.check_model("snowman.onnx", full_check=True)
    namespace = {"__name__": "example"}
    exec(compile(code, "docs/onnx.md", "exec"), namespace)

    answers = output_lines([program, *SCORE, "-model", model], [text for text, _ in rows])
    answers = [json.loads(line) for line in answers]
    want = numpy.array([[answer["score"], *answer["kinds"].values()] for answer in answers])

    shown, filled = [], []
    fill = numpy.random.default_rng(3)
    begin = 0
    while begin < len(rows):
        texts = [encoded for _, encoded in rows[begin :][: BATCHES[len(shown) % len(BATCHES)]]]
        begin += len(texts)
        shown.append(namespace["scores"](texts))
        filled.append(score_with_fill(namespace, texts, fill))
    shown, filled = numpy.concatenate(shown), numpy.concatenate(filled)

    of_example = abs(shown - want[:, 0]).max()
    of_score, of_kinds = abs(filled - want)[:, 0].max(), abs(filled - want)[:, 1:].max()
    print(f"{model.name}: {len(rows)} texts in {namespace['onnxruntime'].__name__} {namespace['onnxruntime'].__version__}, "
          f"scores from {want[:, 0].min():.3g} to {want[:, 0].max():.6g}")
    print(f"  largest difference: score {of_score:.3g}, any kind's probability {of_kinds:.3g}, score by the documented example {of_example:.3g}")
    worst = numpy.array([of_example, of_score, of_kinds])
    return numpy.inf if numpy.isnan(worst).any() else worst.max()


def score_with_fill(namespace, texts, fill):
    """Returns score and probabilities of a batch in which random symbols fill up every row."""
    session, batch = namespace["session"], namespace["inputs"](texts)
    facts = session.get_modelmeta().custom_metadata_map
    for name in [name for name in batch if name.endswith("symbols")]:
        symbols, lengths = batch[name], batch[name.replace("symbols", "lengths")]
        size = (len(symbols), lengths.max() + fill.integers(0, 10))
        filled = fill.integers(0, json.loads(facts["shape"])["symbols"], size)
        for row, whole, length in zip(filled, symbols, lengths):
            row[:length] = whole[:length]
        batch[name] = filled
    logits, probabilities, score = session.run(["logits", "probabilities", "score"], batch)
    scaled = logits.astype(float) / float(facts["temperature"])
    softmax = numpy.exp(scaled) / numpy.exp(scaled).sum(axis=1, keepdims=True)
    if abs(softmax - probabilities).max() > LIMIT:
        fail("the probabilities are not the softmax of the logits divided by the temperature")
    return numpy.concatenate([score[:, None], probabilities], axis=1)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
