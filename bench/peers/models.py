"""The other models that are trained here: python models.py lightgbm|transformer FOLDER.

Each reads rows.train in FOLDER, in random order: whether it is malicious, its weight and its canonical text,
with tabs between them. It is trained to tell malicious rows from benign ones, and leaves its files there,
with NAME.json, which says how many rows it was trained on. worker.py scores with them.
"""

import json
import os
import sys
import time

try:
    import numpy as np
except ImportError:  # worker.py says so in the rows of those who need it
    pass

LIMIT = 200  # bytes of a text that are read; Snowman reads as many symbols


def read_rows(folder, count):
    """The first rows: labels, weights and texts in bytes."""
    labels, weights, texts = [], [], []
    with open(f"{folder}/rows.train", "rb") as file:
        for line in file:
            label, weight, text = line.rstrip(b"\n").split(b"\t", 2)
            labels.append(label == b"true")
            weights.append(float(weight))
            texts.append(text[:LIMIT])
            if len(texts) == count:
                break
    return np.array(labels, np.float32), np.array(weights, np.float32), texts


def save_facts(folder, name, **facts):
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump(facts, file)


# LightGBM on character n-grams

GRAMS = 2, 3, 4
GRAM_BITS = 12
LIGHTGBM_ROWS = 200_000
LIGHTGBM_OPTIONS = {
    "objective": "binary", "learning_rate": 0.15, "num_leaves": 63, "min_data_in_leaf": 50, "max_bin": 15,
    "seed": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
}
LIGHTGBM_TREES = 200


def gram_counts(texts):
    """How often each hashed n-gram occurs, n from 2 to 4: a sparse row of counts for each text. The text lies
    between two bytes that no text has."""
    from scipy import sparse

    padded = [b"\x02" + text + b"\x03" for text in texts]
    lengths = np.array([len(text) for text in padded])
    data = np.frombuffer(b"".join(padded), np.uint8).astype(np.uint32)
    rows = np.repeat(np.arange(len(padded), dtype=np.int32), lengths)
    ends = np.repeat(np.cumsum(lengths), lengths)
    at = np.arange(len(data))
    found_rows, found_columns = [], []
    for n in GRAMS:
        first = at[at + n <= ends]
        code = np.full(len(first), n, np.uint32)
        for i in range(n):
            code = (code ^ data[first + i]) * np.uint32(0x01000193)  # FNV-1a
        code ^= code >> 15
        code *= np.uint32(0x2C1B3C6D)
        found_rows.append(rows[first])
        found_columns.append((code >> np.uint32(32 - GRAM_BITS)).astype(np.int32))
    rows, columns = np.concatenate(found_rows), np.concatenate(found_columns)
    counts = sparse.coo_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(texts), 1 << GRAM_BITS)).tocsr()
    counts.sum_duplicates()
    return counts


def train_lightgbm(folder):
    import lightgbm

    labels, weights, texts = read_rows(folder, LIGHTGBM_ROWS)
    rows = lightgbm.Dataset(gram_counts(texts), labels, weight=weights)
    options = LIGHTGBM_OPTIONS | {"num_threads": int(os.environ.get("THREADS", os.cpu_count()))}
    lightgbm.train(options, rows, LIGHTGBM_TREES).save_model(f"{folder}/lightgbm.txt.new")
    save_facts(folder, "lightgbm", rows=len(labels))
    os.rename(f"{folder}/lightgbm.txt.new", f"{folder}/lightgbm.txt")


# A transformer that reads bytes

DIMENSIONS, LAYERS, HEADS, INNER = 192, 3, 6, 512
TRANSFORMER_SECONDS = 1800  # of processor time,
TRANSFORMER_WAIT = 3200  # within this many of the clock
BATCH, POOL = 64, 64 * 64


def transformer_module():
    import torch
    from torch import nn
    from torch.nn import functional

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.first_norm, self.second_norm = nn.LayerNorm(DIMENSIONS), nn.LayerNorm(DIMENSIONS)
            self.queries, self.keys, self.values, self.mixed = (nn.Linear(DIMENSIONS, DIMENSIONS) for _ in range(4))
            self.wide, self.narrow = nn.Linear(DIMENSIONS, INNER), nn.Linear(INNER, DIMENSIONS)

        def forward(self, x, mask):
            def heads(y):
                return y.unflatten(2, (HEADS, -1)).transpose(1, 2)

            y = self.first_norm(x)
            y = functional.scaled_dot_product_attention(heads(self.queries(y)), heads(self.keys(y)), heads(self.values(y)), mask)
            x = x + self.mixed(y.transpose(1, 2).flatten(2))
            return x + self.narrow(torch.relu(self.wide(self.second_norm(x))))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.positions = nn.Embedding(256, DIMENSIONS), nn.Embedding(LIMIT, DIMENSIONS)
            self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
            self.norm, self.output = nn.LayerNorm(DIMENSIONS), nn.Linear(DIMENSIONS, 1)

        def forward(self, ids, present=None):
            """The logits of texts, [B, T] bytes. Where they differ in length, present says which are there."""
            x = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
            mask = None if present is None else present[:, None, None, :]
            for layer in self.layers:
                x = layer(x, mask)
            x = self.norm(x)
            if present is None:
                x = x.mean(dim=1)
            else:
                x = (x * present[:, :, None]).sum(dim=1) / present.sum(dim=1, keepdim=True)
            return self.output(x)[:, 0]

    torch.manual_seed(1)
    module = Transformer()
    for embedding in (module.embedding, module.positions):
        nn.init.normal_(embedding.weight, std=0.05)
    return module


def train_transformer(folder):
    """AdamW until the time is used up; the rate of learning falls to 0 in the last third of it. What is saved,
    each minute too, is the moving average of the weights."""
    import torch

    def used():
        return max((time.process_time() - begin) / TRANSFORMER_SECONDS, (time.monotonic() - clock) / TRANSFORMER_WAIT)

    torch.set_num_threads(1)
    labels, weights, texts = read_rows(folder, None)
    module = transformer_module().train()
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-3, weight_decay=0.01, betas=(0.9, 0.98))
    random = np.random.default_rng(1)
    begin, clock = time.process_time(), time.monotonic()
    steps, count, losses, batches, reported = 0, 0, [], [], clock
    averages = torch.optim.swa_utils.AveragedModel(module, avg_fn=lambda average, new, n: average + (new - average) / min(n + 1, 200))

    def save():
        torch.save(averages.module.state_dict(), f"{folder}/transformer.pt.new")
        save_facts(folder, "transformer", rows=count, seconds=round(time.process_time() - begin),
                   parameters=sum(parameter.numel() for parameter in module.parameters()))
        os.rename(f"{folder}/transformer.pt.new", f"{folder}/transformer.pt")

    while used() < 1:
        if not batches:  # the next rows, those of like length together
            pool = [(count + i) % len(texts) for i in range(POOL)]
            pool.sort(key=lambda row: len(texts[row]))
            batches = [pool[i : i + BATCH] for i in range(0, POOL, BATCH)]
            random.shuffle(batches)
        rows = np.array(batches.pop())
        longest = max(len(texts[row]) for row in rows)
        ids = np.zeros((len(rows), longest), np.int64)
        for i, row in enumerate(rows):
            ids[i, : len(texts[row])] = np.frombuffer(texts[row], np.uint8)
        ids = torch.from_numpy(ids)
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * min(1, (steps + 1) / 300) * min(1, max(0, 3 * (1 - used())))
        logits = module(ids, ids > 0)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, torch.from_numpy(labels[rows]), torch.from_numpy(weights[rows]))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1)
        optimiser.step()
        losses.append(loss.item())
        steps, count = steps + 1, count + len(rows)
        averages.update_parameters(module)
        if time.monotonic() > reported + 60:
            reported = time.monotonic()
            save()
            print(f"{count:,} rows, {used():.0%} of the time, loss {np.mean(losses[-200:]):.4f}", file=sys.stderr, flush=True)
    save()


if __name__ == "__main__":
    {"lightgbm": train_lightgbm, "transformer": train_transformer}[sys.argv[1]](sys.argv[2])
