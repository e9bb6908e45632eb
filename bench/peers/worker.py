"""One peer of the benchmark, in a process of its own: python worker.py KIND THREADS FOLDER SET...

It reads what the driver prepared in FOLDER, looks for its own best batch size on each set, and
answers in lines of JSON: first what it is, or why it is not available; then, for each line
"run SET FILE", the seconds that one pass over the set took. The scores go to FILE, where the driver
checks them before the time counts. A slow peer scores the first texts of a set alone.

Peers get their best shape. Symbol ids are ready before the clock starts, texts are batched by exact
length, so that nothing is padded or masked, and with several threads a peer may share a batch among
them or give each its own, whichever is faster.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

try:
    import numpy as np
except ImportError:  # the first peer to use it says so in its row
    pass

import models

BATCH_SIZES = [4, 8, 16, 32, 64, 128, 256, 512]
SLOW_BATCH_SIZES = [4, 8, 16, 32, 64]  # of the transformer, which gains nothing from larger ones
REPORT = "report"  # the set whose scores are asked for, and not its time
KIND, THREADS, FOLDER, SETS = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]


def reply(**fields):
    print(json.dumps(fields), flush=True)


class Network:
    """The trained network, as snowman wrote it: [V][D], [w][D][F], [P][H] and [H][K]."""

    def __init__(self, path):
        with open(path, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
            data = file.read()
        metadata = header.pop("__metadata__")
        tensors = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        self.widths = json.loads(metadata["shape"])["widths"]
        self.embedding = tensors["embedding.weight"]
        self.convolutions = [(w, tensors[f"conv.{w}.weight"], tensors[f"conv.{w}.bias"]) for w in self.widths]
        self.dense = tensors["dense.weight"], tensors["dense.bias"]
        # The temperature divides the logits. It costs nothing where it is part of the weights.
        temperature = np.float32(json.loads(metadata["temperature"]))
        self.output = tensors["output.weight"] / temperature, tensors["output.bias"] / temperature

    def spare(self, width):
        """How many padding symbols filters of this width leave alone on either side of a text."""
        return self.widths[-1] - width


class Texts:
    """What a network reads of a set's texts, in one array for each length. Only the first texts of a set are
    there, if most is not None; of REPORT all are."""

    def __init__(self, name, values, lengths, most):
        starts = np.cumsum(lengths) - lengths
        self.count = len(lengths) if most is None or name == REPORT else min(most, len(lengths))
        self.buckets = []
        for length in np.unique(lengths[: self.count]):
            texts = np.flatnonzero(lengths[: self.count] == length)
            self.buckets.append((texts, values[starts[texts, None] + np.arange(length)].astype(np.int64)))

    def batches(self, size):
        return [(texts[i : i + size], ids[i : i + size]) for texts, ids in self.buckets for i in range(0, len(texts), size)]

    def sample(self, size, most):
        """Batches of the commonest length, to find the best batch size with."""
        texts, ids = max(self.buckets, key=lambda bucket: len(bucket[0]))
        texts, ids = texts[:most], ids[:most]
        return [(texts[i : i + size], ids[i : i + size]) for i in range(0, len(texts) - size + 1, size)]


def padded_symbols(name, most=5000):
    return Texts(name, np.fromfile(f"{FOLDER}/{name}.symbols", np.uint8), np.fromfile(f"{FOLDER}/{name}.lengths", "<i4"), most)


def text_bytes(name, most=1000):
    texts = [line[: models.LIMIT] for line in read_lines(name)]
    return Texts(name, np.frombuffer(b"".join(texts), np.uint8), np.array([len(text) for text in texts]), most)


class Way:
    """One way to score a batch: a name, a function from ids to probabilities, the bytes of the model, and the
    pool whose threads take a batch each, or None where the function uses all threads itself. Probabilities
    are those of all kinds, benign first, or the score alone."""

    def __init__(self, name, function, size, pool=None):
        self.name, self.function, self.size, self.pool = name, function, size, pool

    def score(self, batches, scores):
        def score_batch(batch):
            texts, ids = batch
            found = self.function(ids)
            scores[texts] = found if found.ndim == 1 else found[:, 1:].sum(axis=1)

        begin = time.perf_counter()
        if self.pool:
            list(self.pool.map(score_batch, batches))
        else:
            for batch in batches:
                score_batch(batch)
        return time.perf_counter() - begin


def both_ways(name, within, beside, size, **pool):
    """The ways to use the threads: within a batch, and, if there are several, a batch for each."""
    if THREADS == 1:
        return [Way(name, within, size)]
    return [Way(name + "a batch for all threads, ", within, size),
            Way(name + "a batch for each thread, ", beside, size, ThreadPoolExecutor(THREADS, **pool))]


def apart(make, *arguments):
    """Calls make in a process of its own, so that this one holds in memory what scores, and no more."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        return pool.submit(make, *arguments).result()


# ONNX Runtime


def onnx_graph(build, outputs):
    """The file of a model from symbols, [B, T], to probabilities of the shape of outputs, of the nodes that
    build adds."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, initializers = [], []

    def constant(name, values):
        initializers.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def node(operator, inputs, output, **attributes):
        names = [output] if isinstance(output, str) else output
        nodes.append(helper.make_node(operator, inputs, names, name=names[0], **attributes))
        return output

    build(node, constant)
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info("symbols", TensorProto.INT64, ["B", "T"])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, outputs)],
        initializers)
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9).SerializeToString()


def onnx_model(network, convolve):
    """Gather -> ... -> ReduceMax -> Gemm -> Gemm -> Softmax, where convolve adds what stands for the dots:
    a node of shape [B, F] for each width."""

    def build(node, constant):
        pooled = node("Relu", [node("Concat", convolve(network, node, constant), "maxima", axis=1)], "pooled")
        hidden = node("Gemm", [pooled, constant("dense.weight", network.dense[0]), constant("dense.bias", network.dense[1])], "dense")
        logits = node("Gemm", [node("Relu", [hidden], "hidden"), constant("output.weight", network.output[0]),
                               constant("output.bias", network.output[1])], "logits")
        node("Softmax", [logits], "probabilities", axis=1)

    return onnx_graph(build, ["B", network.output[1].size])


def slice_ends(node, constant, array, spare, axis, name):
    """Leaves out spare entries at both ends of an axis."""
    if spare == 0:
        return array
    return node("Slice", [array, constant(name + ".start", np.array([spare])), constant(name + ".end", np.array([-spare])),
                          constant(name + ".axis", np.array([axis]))], name)


def convolution(network, node, constant):
    """The network as frameworks have it."""
    embedded = node("Transpose", [node("Gather", [constant("embedding", network.embedding), "symbols"], "gathered")],
                    "embedded", perm=[0, 2, 1])
    maxima = []
    for width, weight, bias in network.convolutions:
        window = slice_ends(node, constant, embedded, network.spare(width), 2, f"window.{width}")
        sums = node("Conv", [window, constant(f"weight.{width}", weight.transpose(2, 1, 0)), constant(f"bias.{width}", bias)],
                    f"convolution.{width}")
        maxima.append(node("ReduceMax", [sums, constant(f"time.{width}", np.array([2]))], f"maximum.{width}", keepdims=0))
    return maxima


def window(network, node, constant, width, tap):
    """The symbols that a tap of the filters of this width reads."""
    first, last = network.spare(width) + tap, network.spare(width) + width - 1 - tap
    name = f"{width}.{tap}"
    return node("Slice", ["symbols", constant("start" + name, np.array([first])),
                          constant("end" + name, np.array([-last if last else np.iinfo(np.int64).max])),
                          constant("axis" + name, np.array([1]))], "window" + name)


def look_ups(network, node, constant):
    """The convolution folded into tables, as Snowman has it: rows gathered, added, and their maximum."""
    maxima = []
    for width, weight, bias in network.convolutions:
        sums = None
        for tap in range(width):
            name = f"{width}.{tap}"
            table = constant("table" + name, network.embedding @ weight[tap])
            rows = node("Gather", [table, window(network, node, constant, width, tap)], "rows" + name)
            sums = node("Add", [sums, rows], "sum" + name) if sums else rows
        maximum = node("ReduceMax", [sums, constant(f"time.{width}", np.array([1]))], f"maximum.{width}", keepdims=0)
        maxima.append(node("Add", [maximum, constant(f"bias.{width}", bias)], f"biased.{width}"))
    return maxima


def folded_int8_model(network):
    """look_ups in int8: tables with a scale for each filter, which is part of the dense weights afterwards,
    sums and maxima in int8, and the dense product of uint8 features with int8 weights. Features reach 127
    at most, so that two products fit the 16 bits in which older processors add them."""
    from onnx import TensorProto

    def build(node, constant):
        one, zero = constant("one", np.float32(1)), constant("zero", np.int8(0))
        maxima, scales = [], []
        for width, weight, bias in network.convolutions:
            tables = [network.embedding @ weight[tap] for tap in range(width)]
            tables[0] = tables[0] + bias
            highest, lowest = sum(table.max(axis=0) for table in tables), sum(table.min(axis=0) for table in tables)
            scale = np.maximum(highest, -lowest) / 127
            scales.append(scale)
            sums = None
            for tap in range(width):
                name = f"{width}.{tap}"
                table = constant("table" + name, np.clip(np.rint(tables[tap] / scale), -127, 127).astype(np.int8))
                rows = node("Gather", [table, window(network, node, constant, width, tap)], "rows" + name)
                sums = node("QLinearAdd", [sums, one, zero, rows, one, zero, one, zero], "sum" + name,
                            domain="com.microsoft") if sums else rows
            maxima.append(node("ReduceMax", [sums, constant(f"time.{width}", np.array([1]))], f"maximum.{width}", keepdims=0))
        pooled = node("Relu", [node("Concat", maxima, "maxima", axis=1)], "pooled")
        features = node("Cast", [pooled], "features", to=TensorProto.UINT8)
        dense = network.dense[0] * np.concatenate(scales)[:, None]
        unit = (np.abs(dense).max(axis=0) / 127).astype(np.float32)
        product = node("MatMulInteger", [features, constant("dense.weight", np.rint(dense / unit).astype(np.int8))], "product")
        scaled = node("Mul", [node("Cast", [product], "product.float", to=TensorProto.FLOAT), constant("unit", unit)], "scaled")
        hidden = node("Relu", [node("Add", [scaled, constant("dense.bias", network.dense[1])], "dense")], "hidden")
        logits = node("Gemm", [hidden, constant("output.weight", network.output[0]),
                               constant("output.bias", network.output[1])], "logits")
        node("Softmax", [logits], "probabilities", axis=1)

    return onnx_graph(build, ["B", network.output[1].size])


def onnx_ways(model, name="", with_lengths=False):
    import onnxruntime

    def session(threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        made = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        if with_lengths:
            return lambda ids: made.run(["probabilities"], {"symbols": ids, "lengths": np.full(len(ids), ids.shape[1])})[0]
        return lambda ids: made.run(["probabilities"], {"symbols": ids})[0]

    return both_ways(name, session(THREADS), session(1), len(model))


def onnxruntime_version():
    import onnxruntime

    return "ONNX Runtime " + onnxruntime.__version__


def onnx_standard(network):
    return onnxruntime_version(), onnx_ways(apart(onnx_model, network, convolution))


def onnx_exported(network):
    with open(f"{FOLDER}/network.onnx", "rb") as file:
        return onnxruntime_version(), onnx_ways(file.read(), with_lengths=True)


def onnx_folded(network):
    return onnxruntime_version(), onnx_ways(apart(onnx_model, network, look_ups))


def has_products_of_bytes():
    """Whether the processor adds four products of bytes in 32 bits. Others add two in 16, and need weights of
    seven bits to be right."""
    try:
        with open("/proc/cpuinfo") as file:
            return "vnni" in file.read()
    except OSError:
        return False


def quantised_models(network):
    """The standard graph in int8, by both ways of ONNX Runtime: dynamic, and static with QDQ nodes."""
    import logging

    from onnxruntime import quantization

    logging.disable(logging.WARNING)
    base = f"{FOLDER}/int8.{KIND}.{THREADS}."
    reduced = not has_products_of_bytes()
    with open(base + "float32.onnx", "wb") as file:
        file.write(onnx_model(network, convolution))
    quantization.quantize_dynamic(base + "float32.onnx", base + "dynamic.onnx", per_channel=True, reduce_range=reduced)

    class Calibration(quantization.CalibrationDataReader):
        def __init__(self):
            self.batches = iter([ids[:64] for name in ("names", "urls") for _, ids in padded_symbols(name).buckets])

        def get_next(self):
            ids = next(self.batches, None)
            return None if ids is None else {"symbols": ids}

    quantization.quantize_static(base + "float32.onnx", base + "static.onnx", Calibration(), per_channel=True,
                                 reduce_range=reduced, quant_format=quantization.QuantFormat.QDQ,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
    found = []
    for ending in ("float32.onnx", "dynamic.onnx", "static.onnx"):
        with open(base + ending, "rb") as file:
            found.append(file.read())
        os.remove(base + ending)
    return found[1:]


def onnx_int8(network):
    """All ways to quantise; the search for the best batch size also chooses between them."""
    folded = onnx_ways(apart(folded_int8_model, network), "folded, ")
    if SETS == [REPORT]:
        return onnxruntime_version(), folded
    dynamic, static = apart(quantised_models, network)
    return onnxruntime_version(), folded + onnx_ways(dynamic, "dynamic, ") + onnx_ways(static, "static, ")


# The other frameworks


def openvino(network):
    return openvino_ways(apart(onnx_model, network, convolution))


def openvino_int8(network):
    """The static model with QDQ nodes, which OpenVINO runs in int8."""
    return openvino_ways(apart(quantised_models, network)[1])


def openvino_ways(model_bytes):
    import openvino

    core = openvino.Core()

    def compiled(streams):
        """Compiles for each shape, which is faster than one model for all, but takes too long for all lengths of
        REPORT. It keeps a request for each thread."""
        compiled_models, local, lock = {}, threading.local(), threading.Lock()

        def score(ids):
            requests = local.__dict__.setdefault("requests", {})
            shape = ids.shape if SETS != [REPORT] else (-1, -1)
            if shape not in requests:
                with lock:  # both calls may wait for each other otherwise
                    if shape not in compiled_models:
                        model = core.read_model(model_bytes)
                        model.reshape(list(shape))
                        compiled_models[shape] = core.compile_model(model, "CPU", {
                            "INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": streams, "INFERENCE_PRECISION_HINT": "f32"})
                    requests[shape] = compiled_models[shape].create_infer_request()
            return requests[shape].infer([ids], share_inputs=True)[0]

        return score

    return "OpenVINO " + openvino.__version__.split("-")[0], both_ways("", compiled(1), compiled(THREADS), len(model_bytes))


def torch_module(network):
    import torch
    from torch import nn

    class TextNetwork(nn.Module):
        def __init__(self):
            super().__init__()
            symbols, dimensions = network.embedding.shape
            hidden, kinds = network.output[0].shape
            self.embedding = nn.Embedding(symbols, dimensions)
            self.convolutions = nn.ModuleList(nn.Conv1d(dimensions, bias.size, width) for width, _, bias in network.convolutions)
            self.dense = nn.Linear(len(network.dense[0]), hidden)
            self.output = nn.Linear(hidden, kinds)
            self.dropout = nn.Dropout(0.5)

        def forward(self, ids):
            embedded = self.embedding(ids).transpose(1, 2)
            maxima = []
            for convolution, width in zip(self.convolutions, network.widths):
                spare = network.spare(width)
                maxima.append(convolution(embedded[:, :, spare : embedded.shape[2] - spare]).amax(dim=2))
            pooled = self.dropout(torch.relu(torch.cat(maxima, dim=1)))
            return self.output(torch.relu(self.dense(pooled)))

    return TextNetwork()


def torch_scores(network):
    import torch

    module = torch_module(network).eval()
    with torch.no_grad():
        module.embedding.weight.copy_(torch.tensor(network.embedding))
        for convolution, (_, weight, bias) in zip(module.convolutions, network.convolutions):
            convolution.weight.copy_(torch.tensor(weight.transpose(2, 1, 0).copy()))
            convolution.bias.copy_(torch.tensor(bias))
        for layer, (weight, bias) in ((module.dense, network.dense), (module.output, network.output)):
            layer.weight.copy_(torch.tensor(weight.T.copy()))
            layer.bias.copy_(torch.tensor(bias))

    def score(ids):
        with torch.inference_mode():
            return torch.softmax(module(torch.from_numpy(ids)), dim=1).numpy()

    def within(ids):
        torch.set_num_threads(THREADS)
        return score(ids)

    size = sum(4 * parameter.numel() for parameter in module.parameters())
    return "PyTorch " + torch.__version__, both_ways("", within, score, size, initializer=lambda: torch.set_num_threads(1))


# The transformer


def transformer_model():
    import torch

    weights = {name: values.numpy() for name, values in torch.load(f"{FOLDER}/transformer.pt").items()}
    dimensions, heads = models.DIMENSIONS, models.HEADS
    depth = dimensions // heads

    def build(node, constant):
        def norm(x, name):
            return node("LayerNormalization", [x, constant(name + ".weight", weights[name + ".weight"]),
                                               constant(name + ".bias", weights[name + ".bias"])], name, axis=-1)

        def linear(x, name, weight=None, bias=None):
            weight = weights[name + ".weight"] if weight is None else weight
            bias = weights[name + ".bias"] if bias is None else bias
            product = node("MatMul", [x, constant(name + ".weight", weight.T)], name + ".product")
            return node("Add", [product, constant(name + ".bias", bias)], name)

        def split(x, name, order):
            shaped = node("Reshape", [x, constant(name + ".shape", np.array([0, 0, heads, depth]))], name + ".heads")
            return node("Transpose", [shaped], name + ".split", perm=order)

        length = node("Gather", [node("Shape", ["symbols"], "shape"), constant("second", np.array([1]))], "length")
        positions = node("Slice", [constant("positions.weight", weights["positions.weight"]), constant("first", np.array([0])),
                                   length, constant("rows", np.array([0]))], "positions")
        x = node("Add", [node("Gather", [constant("embedding.weight", weights["embedding.weight"]), "symbols"], "embedded"),
                         positions], "placed")
        for i in range(models.LAYERS):
            layer = f"layers.{i}."
            parts = [layer + part for part in ("queries", "keys", "values")]
            stacked = linear(norm(x, layer + "first_norm"), layer + "attention.input",
                             np.concatenate([weights[part + ".weight"] / (depth**0.5 if part == parts[0] else 1) for part in parts]),
                             np.concatenate([weights[part + ".bias"] / (depth**0.5 if part == parts[0] else 1) for part in parts]))
            queries, keys, values = node("Split", [stacked], parts, axis=2, num_outputs=3)
            match = node("MatMul", [split(queries, queries, [0, 2, 1, 3]), split(keys, keys, [0, 2, 3, 1])], layer + "match")
            mixed = node("MatMul", [node("Softmax", [match], layer + "attention", axis=-1), split(values, values, [0, 2, 1, 3])],
                         layer + "attended")
            together = node("Reshape", [node("Transpose", [mixed], layer + "together", perm=[0, 2, 1, 3]),
                                        constant(layer + "flat", np.array([0, 0, dimensions]))], layer + "rows")
            x = node("Add", [x, linear(together, layer + "mixed")], layer + "half")
            wide = node("Relu", [linear(norm(x, layer + "second_norm"), layer + "wide")], layer + "inner")
            x = node("Add", [x, linear(wide, layer + "narrow")], layer + "whole")
        mean = node("ReduceMean", [norm(x, "norm"), constant("time", np.array([1]))], "mean", keepdims=0)
        logit = linear(mean, "output")
        node("Sigmoid", [node("Squeeze", [logit, constant("last", np.array([1]))], "logit")], "probabilities")

    return onnx_graph(build, ["B"])


def transformer():
    return onnxruntime_version(), onnx_ways(apart(transformer_model))


def quantised_transformer():
    """Weights of int8, and activations quantised as they come. Attention stays in float32."""
    from onnxruntime import quantization

    base = f"{FOLDER}/{KIND}.{THREADS}."
    with open(base + "float32.onnx", "wb") as file:
        file.write(transformer_model())
    quantization.quantize_dynamic(base + "float32.onnx", base + "int8.onnx", per_channel=True,
                                  reduce_range=not has_products_of_bytes(), op_types_to_quantize=["MatMul"])
    with open(base + "int8.onnx", "rb") as file:
        model = file.read()
    os.remove(base + "float32.onnx")
    os.remove(base + "int8.onnx")
    return model


def transformer_int8():
    return onnxruntime_version(), onnx_ways(apart(quantised_transformer))


# Each kind of peer makes a function run(set) -> (seconds, texts, scores), and says what it chose and the
# bytes of its model.


def serve_network(peer):
    return serve_ways(*peer(Network(f"{FOLDER}/network.safetensors")), padded_symbols)


def serve_ways(version, ways, read, sizes=BATCH_SIZES):
    chosen, choice = {}, {}
    for name in SETS:
        texts = read(name)
        if name == REPORT:
            chosen[name] = ways[0], texts.batches(32), texts.count
            continue
        best = 0, ways[0], sizes[0]
        for way in ways:
            for size in sizes:
                batches = texts.sample(size, THREADS * sizes[-1])
                if not batches:
                    break
                scores = np.empty(texts.count)
                way.score(batches[:THREADS], scores)  # warm caches, and whatever is compiled at first use
                rate = len(batches) * size / min(way.score(batches, scores) for _ in range(2))
                best = max(best, (rate, way, size), key=lambda found: found[0])
                if rate < best[0] / 3:
                    break  # it does not come back from there
        _, way, size = best
        chosen[name] = way, texts.batches(size), texts.count
        choice[name] = f"{way.name}batch {size}"
        way.score(chosen[name][1], np.empty(texts.count))  # each length once

    def run(name):
        way, batches, count = chosen[name]
        scores = np.empty(count)
        return way.score(batches, scores), count, scores

    return version, choice, max(way.size for way, _, _ in chosen.values()), run


def read_lines(name):
    with open(f"{FOLDER}/{name}.canonical.txt", "rb") as file:
        return file.read().removesuffix(b"\n").split(b"\n")


def line_shares():
    """The lines of each set, a share for each thread."""
    return {name: [lines[i * len(lines) // THREADS : (i + 1) * len(lines) // THREADS] for i in range(THREADS)]
            for name, lines in ((name, read_lines(name)) for name in SETS)}


def fasttext_version():
    from importlib.metadata import version

    return "fastText " + version("fasttext")


def serve_fasttext_api(file):
    """Calls the C++ method behind predict, which for many texts at once is the fastest that the module has.
    It takes one thread; on several, a process each has a share of the texts."""
    import multiprocessing

    import fasttext

    path = f"{FOLDER}/{file}"
    model = fasttext.load_model(path)
    shares = {name: [[text.decode() + "\n" for text in share] for share in parts] for name, parts in line_shares().items()}

    global predict  # so that a forked process finds it by name

    def predict(task):
        name, share = task
        _, probabilities = model.f.multilinePredict(shares[name][share], 1, 0.0, "strict")
        return np.array(probabilities)[:, 0]

    pool = multiprocessing.get_context("fork").Pool(THREADS) if THREADS > 1 else None

    def run(name):
        tasks = [(name, share) for share in range(THREADS)]
        begin = time.perf_counter()
        scores = np.concatenate(pool.map(predict, tasks, 1) if pool else [predict(task) for task in tasks])
        return time.perf_counter() - begin, len(scores), scores

    for name in SETS:
        run(name)
    return fasttext_version(), {name: "all texts in one call" for name in SETS}, os.path.getsize(path), run


def serve_fasttext_program():
    """Keeps a program running for each thread and sends each its share of the lines."""
    command = [f"{FOLDER}/fasttext", "predict-prob", f"{FOLDER}/fasttext.bin", "-", "1"]
    programs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(THREADS)]
    blocks = {name: [(b"".join(text + b"\n" for text in share), len(share)) for share in parts]
              for name, parts in line_shares().items()}

    def predict(program, block):
        text, count = block
        writer = threading.Thread(target=lambda: (program.stdin.write(text), program.stdin.flush()))
        writer.start()
        lines = [program.stdout.readline() for _ in range(count)]
        writer.join()
        return lines

    pool = ThreadPoolExecutor(THREADS)

    def run(name):
        begin = time.perf_counter()
        shares = list(pool.map(predict, programs, blocks[name]))
        seconds = time.perf_counter() - begin
        scores = np.array([float(line.split()[1]) for lines in shares for line in lines])
        return seconds, len(scores), scores

    for name in SETS:
        run(name)
    return fasttext_version(), {name: "lines through pipes" for name in SETS}, os.path.getsize(f"{FOLDER}/fasttext.bin"), run


def serve_torch_training():
    """One pass of training over the rows: AdamW, dropout 0.5 on the pooled features. Rows of like length
    share a batch and are filled up to its longest, without the mask that exact training would need."""
    import torch

    network = Network(f"{FOLDER}/network.safetensors")
    torch.set_num_threads(THREADS)
    (name,) = SETS
    lengths = np.fromfile(f"{FOLDER}/{name}.lengths", "<i4")
    kinds = torch.from_numpy(np.fromfile(f"{FOLDER}/{name}.kinds", np.uint8).astype(np.int64))
    weights = torch.from_numpy(np.fromfile(f"{FOLDER}/{name}.weights", np.float32))
    texts = np.split(np.fromfile(f"{FOLDER}/{name}.symbols", np.uint8), np.cumsum(lengths)[:-1])
    end_symbol = 1

    def batches(size):
        random = np.random.default_rng(1)
        order = np.argsort(lengths, kind="stable")
        made = []
        for rows in np.array_split(order, max(1, len(order) // size)):
            ids = np.full((len(rows), lengths[rows].max()), end_symbol, np.int64)
            for row, text in enumerate(rows):
                ids[row, : lengths[text]] = texts[text]
            made.append((torch.from_numpy(ids), kinds[rows], weights[rows]))
        random.shuffle(made)
        return made

    def train(batches):
        torch.manual_seed(1)
        module = torch_module(network).train()
        optimiser = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
        losses = []
        count = 0
        for i, (ids, kinds, weights) in enumerate(batches):
            if i == 1:  # the first step also allocates; it counts on neither side
                begin = time.perf_counter()
            optimiser.zero_grad()
            loss = (torch.nn.functional.cross_entropy(module(ids), kinds, reduction="none") * weights).mean()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            if i > 0:
                count += len(ids)
        return time.perf_counter() - begin, count, losses

    def rate(size):
        seconds, count, _ = train(batches(size)[:6])
        return count / seconds

    best = max([32, 64, 128, 256, 512, 1024], key=rate)
    prepared = batches(best)

    def run(_):
        seconds, count, losses = train(prepared)
        return seconds, count, [losses[0], np.mean(losses[-len(losses) // 4 :])]

    return "PyTorch " + torch.__version__, {name: f"batch {best}"}, 0, run


def serve_lightgbm():
    """The clock starts at hashed n-grams that are counted, in blocks of texts. On several threads, the texts
    of a block are shared among them by LightGBM."""
    import lightgbm

    path = f"{FOLDER}/lightgbm.txt"
    model = lightgbm.Booster(model_file=path)
    blocks = {}
    for name in SETS:
        texts = read_lines(name)
        texts = [text[: models.LIMIT] for text in (texts if name == REPORT else texts[:5000])]
        blocks[name] = [models.gram_counts(texts[i : i + 5000]) for i in range(0, len(texts), 5000)]

    def run(name):
        begin = time.perf_counter()
        scores = np.concatenate([model.predict(block, num_threads=THREADS) for block in blocks[name]])
        return time.perf_counter() - begin, len(scores), scores

    for name in SETS:
        if name != REPORT:
            run(name)
    return "LightGBM " + lightgbm.__version__, {name: "all texts in one call" for name in SETS}, os.path.getsize(path), run


KINDS = {
    "onnx": lambda: serve_network(onnx_standard),
    "onnx-exported": lambda: serve_network(onnx_exported),
    "onnx-folded": lambda: serve_network(onnx_folded),
    "onnx-int8": lambda: serve_network(onnx_int8),
    "openvino": lambda: serve_network(openvino),
    "openvino-int8": lambda: serve_network(openvino_int8),
    "torch": lambda: serve_network(torch_scores),
    "fasttext-api": lambda: serve_fasttext_api("fasttext.bin"),
    "fasttext-quantised": lambda: serve_fasttext_api("fasttext.ftz"),
    "fasttext-program": serve_fasttext_program,
    "lightgbm": serve_lightgbm,
    "transformer": lambda: serve_ways(*transformer(), text_bytes, SLOW_BATCH_SIZES),
    "transformer-int8": lambda: serve_ways(*transformer_int8(), text_bytes, SLOW_BATCH_SIZES),
    "torch-training": serve_torch_training,
}


def main():
    try:
        version, choice, size, run = KINDS[KIND]()
    except Exception as error:  # whatever a peer lacks, its row says so
        reply(unavailable=f"{type(error).__name__}: {error}")
        return
    reply(version=version, choice=choice, bytes=size)
    for line in sys.stdin:
        _, name, path = line.split(maxsplit=2)
        try:
            seconds, texts, scores = run(name)
        except Exception as error:
            reply(unavailable=f"{type(error).__name__}: {error}")
            return
        np.asarray(scores, "<f8").tofile(path.strip())
        reply(seconds=seconds, texts=texts)


if __name__ == "__main__":
    main()
    os._exit(0)  # without waiting for pools and for programs that read what never comes
