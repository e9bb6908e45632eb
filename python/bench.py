"""Measure names a second through the package, beside snowman score, on the same machine and names.

    make bench-python

Each name is asked once, so nothing is remembered; the ways take turns, and the median of the rounds
counts. With an argument the names are the lines of that file, as they come. What else the machine
does counts, too: only ratios of one run mean anything, and the time that Python itself was on a
processor, which comes on top of the program's.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

import pandas
import polars
import pyarrow

import snowman

ROUNDS = 5
NAMES = 300_000


def generated():
    random.seed(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(random.choices(letters, k=random.randint(3, 9))) for _ in range(20_000)]
    return [f"{random.choice(words)}{i % 97}.{random.choice(words)}-{random.choice(words)}.com" for i in range(NAMES)]


def main():
    if len(sys.argv) > 1:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
            names = file.read().splitlines()
    else:
        names = generated()
    folder = tempfile.TemporaryDirectory()
    path = os.path.join(folder.name, "names")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(name + "\n" for name in names)

    def program():
        with open(path) as file:
            out = subprocess.run([snowman.find_program(), "score", "-format", "lines"], stdin=file, stdout=subprocess.PIPE, check=True)
        return [float(line.split(b"\t", 1)[0] or "nan") for line in out.stdout.splitlines()]

    ways = {
        "snowman score < file, read as a list of float": program,
        "list": lambda: snowman.score(names),
        "iterator": lambda: snowman.score(iter(names)),
        "pandas, dtype object": lambda s=pandas.Series(names, dtype=object): snowman.score(s),
        "pandas, dtype str": lambda s=pandas.Series(names, dtype="string"): snowman.score(s),
        "polars": lambda s=polars.Series(names): snowman.score(s),
        "pyarrow": lambda a=pyarrow.array(names): snowman.score(a),
        "polars, classify": lambda s=polars.Series(names): snowman.classify(s)["score"],
        "classify, a tenth of the list": lambda: snowman.classify(names[: len(names) // 10]),
    }
    seconds = {way: [] for way in ways}
    busy = {way: [] for way in ways}  # seconds of processor time of this process
    want = snowman.score(names)
    one = []
    for _ in range(ROUNDS):
        for way, ask in ways.items():
            start, before = time.perf_counter(), time.process_time()
            scores = ask()
            seconds[way].append(time.perf_counter() - start)
            busy[way].append(time.process_time() - before)
            check(way, scores, want)
        for _ in range(300):
            start = time.perf_counter()
            snowman.score(names[0])
            one.append(time.perf_counter() - start)
    base = statistics.median(seconds["snowman score < file, read as a list of float"])
    print(f"{len(names)} names, {len(set(names))} different, Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    for way, all_seconds in seconds.items():
        count = len(names) // 10 if way.startswith("classify") else len(names)
        median = statistics.median(all_seconds)
        print(f"{way:48} {count / median:9.0f} names/s  {base / median * count / len(names):5.2f}  best {count / min(all_seconds):9.0f}  Python {min(busy[way]) / count * 1e6:6.3f} µs a name")
    print(f"one name: {statistics.median(one) * 1e6:.0f} µs")


def check(way, scores, want):
    """Every score must be right before its time counts. The program rounds to five digits."""
    got = [v.score for v in scores] if way.startswith("classify") else list(scores if isinstance(scores, list) else scores.to_numpy())
    if any(not abs(g - w) <= 6e-6 and g == g for g, w in zip(got, want)):
        sys.exit(f"{way}: other scores than a list")


if __name__ == "__main__":
    main()
