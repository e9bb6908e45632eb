"""Measure rows a second of each recipe beside snowman score < file, on the same machine and names.

make bench-recipes [RECIPES_NAMES=20000] [RECIPES_ROUNDS=1] [RECIPES_ONLY=with_pandas,with_polars]

No name comes twice, so nothing is remembered. The ways take turns, and the median of the rounds
counts. Reading the table, scoring, writing the answers and showing the worst count, for which all
that a way needs has been started before; snowman score and the pipe start a process. A way's scores
must be the program's before its time counts. What else the machine does counts, too: only ratios of
one run mean anything. Seconds of processor time, of all processes of a way, mean more on a machine
that is busy; they are counted on Linux alone.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pathlib
import random
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import pyarrow
import pyarrow.parquet
import snowman

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("RECIPES_ROUNDS") or 5)
NAMES = int(os.environ.get("RECIPES_NAMES") or 1_000_000)
LIBRARIES = {
    "with_pandas": "pandas", "with_polars": "polars", "with_duckdb": "duckdb", "with_duckdb_pipe": "duckdb", "with_clickhouse": "chdb", "with_spark": "pyspark",
}


def generated(turn):
    """Return names that no other turn has."""
    random.seed(turn)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(random.choices(letters, k=random.randint(3, 9))) for _ in range(20_000)]
    return [f"{random.choice(words)}{i % 97}.{random.choice(words)}-{random.choice(words)}.com" for i in range(NAMES)]


def program(folder):
    with open(folder / "names", "rb") as file, open(folder / "scored", "wb") as out:
        subprocess.run([snowman.find_program(), "score", "-format", "lines"], stdin=file, stdout=out, check=True)


def recipe(name, folder):
    sys.argv = [name, str(folder / "dns.parquet"), str(folder / f"{name}.parquet")]
    with contextlib.redirect_stdout(io.StringIO()):
        runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")


def start_anew():
    """Start the package's process anew, which remembers the names of the way before."""
    for own in snowman._shared.values():
        own.close()
    snowman._shared.clear()
    snowman.score("github.com")


def busy():
    """Return the processor seconds of this process, of all that it started, and of those that have ended."""
    processes = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            processes[int(stat.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    ours, found = set(), {os.getpid()}
    while found - ours:
        ours |= found
        found = {process for process, (parent, _) in processes.items() if parent in ours}
    return sum(processes[process][1] for process in ours if process in processes) / os.sysconf("SC_CLK_TCK")


def scores_of(name, folder):
    table = pyarrow.parquet.read_table(folder / f"{name}.parquet", columns=["id", "score"])
    return table.sort_by("id")["score"].to_pylist()


def main():
    warnings.simplefilter("ignore")
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    ways = []
    only = os.environ.get("RECIPES_ONLY") or ",".join(LIBRARIES)
    for name in only.split(","):
        library = LIBRARIES[name]
        try:
            importlib.import_module(library)
            if library == "pyspark" and shutil.which("java") is None:
                raise ImportError("no Java")
            ways.append(name)
        except ImportError as error:
            print(f"NOT TESTED: {name} ({error})")
    seconds = {name: [] for name in ["snowman score", *ways]}
    processor = {name: [] for name in seconds}
    for turn in range(ROUNDS + 1):  # the first starts what is not started again, and does not count
        with tempfile.TemporaryDirectory() as path:
            folder = pathlib.Path(path)
            names = generated(turn)[: NAMES if turn else 1000]
            (folder / "names").write_text("".join(name + "\n" for name in names))
            table = pyarrow.table({"id": range(len(names)), "query": names})
            pyarrow.parquet.write_table(table, folder / "dns.parquet", row_group_size=1 << 16)
            start, before = time.perf_counter(), busy()
            program(folder)
            elapsed, used = {"snowman score": time.perf_counter() - start}, {"snowman score": busy() - before}
            with open(folder / "scored") as scored:
                want = [float(line.split("\t", 1)[0]) for line in scored]
            for name in ways:
                start_anew()
                start, before = time.perf_counter(), busy()
                recipe(name, folder)
                elapsed[name], used[name] = time.perf_counter() - start, busy() - before
                if any(abs(got - wanted) > 6e-6 for got, wanted in zip(scores_of(name, folder), want)):
                    sys.exit(f"{name}: other scores than the program")
            if turn:
                for name, each in elapsed.items():
                    seconds[name].append(each)
                    processor[name].append(used[name])
                print(f"round {turn}: " + ", ".join(f"{name} {each:.2f} s, busy {used[name]:.2f} s" for name, each in elapsed.items()), file=sys.stderr)
    base = statistics.median(seconds["snowman score"])
    print(f"{NAMES} names, {ROUNDS} rounds, Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    for name, all_seconds in seconds.items():
        median = statistics.median(all_seconds)
        work = statistics.median(processor[name])
        print(f"{name:18} {NAMES / median:9.0f} rows/s  {base / median:5.2f}  ({base / max(all_seconds):.2f} to {base / min(all_seconds):.2f})  {work / NAMES * 1e6:6.2f} s busy a million  {work / statistics.median(processor['snowman score']):5.2f}")


if __name__ == "__main__":
    main()
