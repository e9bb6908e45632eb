"""One peer of the benchmark, in a process of its own: python worker.py KIND THREADS FOLDER SET...

It reads what the driver prepared in FOLDER, looks for its own best batch size on each set, and
answers in lines of JSON: first what it is, or why it is not available; then, for each line
"run SET FILE", the seconds that one pass over the set took. The scores go to FILE, where the driver
checks them before the time counts.

Peers get their best shape. Symbol ids are ready before the clock starts, texts are batched by exact
length, so that nothing is padded or masked, and with several threads a peer may share a batch among
them or give each its own, whichever is faster.
"""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

try:
    import numpy as np
except ImportError:  # the first peer to use it says so in its row
    pass

BATCH_SIZES = [4, 8, 16, 32, 64, 128, 256, 512]
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


class Symbols:
    """The padded symbol ids of a set, in one array for each length."""

    def __init__(self, name):
        symbols = np.fromfile(f"{FOLDER}/{name}.symbols", np.uint8)
        lengths = np.fromfile(f"{FOLDER}/{name}.lengths", "<i4")
        starts = np.cumsum(lengths) - lengths
        self.count = len(lengths)
        self.buckets = []
        for length in np.unique(lengths):
            texts = np.flatnonzero(lengths == length)
            self.buckets.append((texts, symbols[starts[texts, None] + np.arange(length)].astype(np.int64)))

    def batches(self, size):
        return [(texts[i : i + size], ids[i : i + size]) for texts, ids in self.buckets for i in range(0, len(texts), size)]

    def sample(self, size):
        """Batches of the commonest length, to find the best batch size with."""
        texts, ids = max(self.buckets, key=lambda bucket: len(bucket[0]))
        texts, ids = texts[:1024], ids[:1024]
        return [(texts[i : i + size], ids[i : i + size]) for i in range(0, len(texts) - size + 1, size)]


class Way:
    """One way to score a batch: a name, a function from ids to probabilities, and the pool whose threads
    take a batch each, or None where the function uses all threads itself."""

    def __init__(self, name, function, pool=None):
        self.name, self.function, self.pool = name, function, pool

    def score(self, batches, scores):
        def score_batch(batch):
            texts, ids = batch
            scores[texts] = self.function(ids)[:, 1:].sum(axis=1)

        begin = time.perf_counter()
        if self.pool:
            list(self.pool.map(score_batch, batches))
        else:
            for batch in batches:
                score_batch(batch)
        return time.perf_counter() - begin


def both_ways(name, within, beside, **pool):
    """The ways to use the threads: within a batch, and, if there are several, a batch for each."""
    if THREADS == 1:
        return [Way(name, within)]
    return [Way(name + "a batch for all threads, ", within),
            Way(name + "a batch for each thread, ", beside, ThreadPoolExecutor(THREADS, **pool))]


# ONNX Runtime


def onnx_model(network, convolve):
    """Gather -> ... -> ReduceMax -> Gemm -> Gemm -> Softmax, where convolve adds what stands for the dots:
    a node of shape [B, F] for each width."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, initializers = [], []

    def constant(name, values):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    pooled = node("Relu", [node("Concat", convolve(network, node, constant), "maxima", axis=1)], "pooled")
    hidden = node("Gemm", [pooled, constant("dense.weight", network.dense[0]), constant("dense.bias", network.dense[1])], "dense")
    logits = node("Gemm", [node("Relu", [hidden], "hidden"), constant("output.weight", network.output[0]),
                           constant("output.bias", network.output[1])], "logits")
    node("Softmax", [logits], "probabilities", axis=1)
    graph = helper.make_graph(
        nodes, "snowman",
        [helper.make_tensor_value_info("symbols", TensorProto.INT64, ["B", "T"])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["B", network.output[1].size])],
        initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return model


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


def look_ups(network, node, constant):
    """The convolution folded into tables, as Snowman has it: rows gathered, added, and their maximum."""
    maxima = []
    for width, weight, bias in network.convolutions:
        sums = None
        for tap in range(width):
            first, last = network.spare(width) + tap, network.spare(width) + width - 1 - tap
            name = f"{width}.{tap}"
            window = node("Slice", ["symbols", constant("start" + name, np.array([first])),
                                    constant("end" + name, np.array([-last if last else np.iinfo(np.int64).max])),
                                    constant("axis" + name, np.array([1]))], "window" + name)
            rows = node("Gather", [constant("table" + name, network.embedding @ weight[tap]), window], "rows" + name)
            sums = node("Add", [sums, rows], "sum" + name) if sums else rows
        maximum = node("ReduceMax", [sums, constant(f"time.{width}", np.array([1]))], f"maximum.{width}", keepdims=0)
        maxima.append(node("Add", [maximum, constant(f"bias.{width}", bias)], f"biased.{width}"))
    return maxima


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

    return both_ways(name, session(THREADS), session(1))


def onnxruntime_version():
    import onnxruntime

    return "ONNX Runtime " + onnxruntime.__version__


def onnx_standard(network):
    return onnxruntime_version(), onnx_ways(onnx_model(network, convolution).SerializeToString())


def onnx_exported(network):
    with open(f"{FOLDER}/network.onnx", "rb") as file:
        return onnxruntime_version(), onnx_ways(file.read(), with_lengths=True)


def onnx_folded(network):
    return onnxruntime_version(), onnx_ways(onnx_model(network, look_ups).SerializeToString())


def onnx_int8(network):
    """Both ways to quantise; the search for the best batch size also chooses between them."""
    import logging

    import onnx
    from onnxruntime import quantization

    logging.disable(logging.WARNING)
    base = f"{FOLDER}/int8.{THREADS}."
    onnx.save(onnx_model(network, convolution), base + "float32.onnx")
    quantization.quantize_dynamic(base + "float32.onnx", base + "dynamic.onnx", per_channel=True)

    class Calibration(quantization.CalibrationDataReader):
        def __init__(self):
            self.batches = iter([ids[:64] for name in SETS for _, ids in Symbols(name).buckets])

        def get_next(self):
            ids = next(self.batches, None)
            return None if ids is None else {"symbols": ids}

    quantization.quantize_static(base + "float32.onnx", base + "static.onnx", Calibration(), per_channel=True,
                                 quant_format=quantization.QuantFormat.QDQ, activation_type=quantization.QuantType.QUInt8,
                                 weight_type=quantization.QuantType.QInt8)
    return onnxruntime_version(), onnx_ways(base + "dynamic.onnx", "dynamic, ") + onnx_ways(base + "static.onnx", "static, ")


# The other frameworks


def openvino(network):
    import openvino

    core = openvino.Core()
    model_bytes = onnx_model(network, convolution).SerializeToString()

    def compiled(streams):
        """Compiles for each shape, which is faster than one model for all, and keeps a request for each thread."""
        models, local, lock = {}, threading.local(), threading.Lock()

        def score(ids):
            requests = local.__dict__.setdefault("requests", {})
            if ids.shape not in requests:
                with lock:
                    if ids.shape not in models:
                        model = core.read_model(model_bytes)
                        model.reshape(list(ids.shape))
                        models[ids.shape] = core.compile_model(model, "CPU", {
                            "INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": streams, "INFERENCE_PRECISION_HINT": "f32"})
                requests[ids.shape] = models[ids.shape].create_infer_request()
            return requests[ids.shape].infer([ids], share_inputs=True)[0]

        return score

    return "OpenVINO " + openvino.__version__.split("-")[0], both_ways("", compiled(1), compiled(THREADS))


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

    return "PyTorch " + torch.__version__, both_ways("", within, score, initializer=lambda: torch.set_num_threads(1))


# Each kind of peer makes a function run(set) -> (seconds, texts, scores), and says what it chose.


def serve_network(peer):
    version, ways = peer(Network(f"{FOLDER}/network.safetensors"))
    chosen, choice = {}, {}
    for name in SETS:
        symbols = Symbols(name)
        best = 0, ways[0], BATCH_SIZES[0]
        for way in ways:
            for size in BATCH_SIZES:
                batches = symbols.sample(size)
                if not batches:
                    break
                scores = np.empty(symbols.count)
                way.score(batches[:THREADS], scores)  # warm caches, and whatever is compiled at first use
                rate = len(batches) * size / min(way.score(batches, scores) for _ in range(3))
                best = max(best, (rate, way, size), key=lambda found: found[0])
        _, way, size = best
        chosen[name] = way, symbols.batches(size), symbols.count
        choice[name] = f"{way.name}batch {size}"
        way.score(chosen[name][1], np.empty(symbols.count))  # each length once

    def run(name):
        way, batches, count = chosen[name]
        scores = np.empty(count)
        return way.score(batches, scores), count, scores

    return version, choice, run


def read_lines(name):
    with open(f"{FOLDER}/{name}.canonical.txt") as file:
        return file.read().splitlines()


def fasttext_version():
    from importlib.metadata import version

    return "fastText " + version("fasttext")


def serve_fasttext_api():
    """Calls the C++ method behind predict, which for many texts at once is the fastest that the module has.
    It takes one thread; on several, a process each has a share of the texts."""
    import multiprocessing

    import fasttext

    model = fasttext.load_model(f"{FOLDER}/fasttext.bin")
    shares = {name: np.array_split(read_lines(name), THREADS) for name in SETS}
    shares = {name: [[str(text) + "\n" for text in share] for share in parts] for name, parts in shares.items()}

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
    return fasttext_version(), {name: "all texts in one call" for name in SETS}, run


def serve_fasttext_program():
    """Keeps a program running for each thread and sends each its share of the lines."""
    command = [f"{FOLDER}/fasttext", "predict-prob", f"{FOLDER}/fasttext.bin", "-", "1"]
    programs = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(THREADS)]
    shares = {name: [[(str(text) + "\n").encode() for text in share] for share in np.array_split(read_lines(name), THREADS)]
              for name in SETS}
    blocks = {name: [(b"".join(share), len(share)) for share in parts] for name, parts in shares.items()}

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
    return fasttext_version(), {name: "lines through pipes" for name in SETS}, run


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

    return "PyTorch " + torch.__version__, {name: f"batch {best}"}, run


KINDS = {
    "onnx": lambda: serve_network(onnx_standard),
    "onnx-exported": lambda: serve_network(onnx_exported),
    "onnx-folded": lambda: serve_network(onnx_folded),
    "onnx-int8": lambda: serve_network(onnx_int8),
    "openvino": lambda: serve_network(openvino),
    "torch": lambda: serve_network(torch_scores),
    "fasttext-api": serve_fasttext_api,
    "fasttext-program": serve_fasttext_program,
    "torch-training": serve_torch_training,
}


def main():
    try:
        version, choice, run = KINDS[KIND]()
    except Exception as error:  # whatever a peer lacks, its row says so
        reply(unavailable=f"{type(error).__name__}: {error}")
        return
    reply(version=version, choice=choice)
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
