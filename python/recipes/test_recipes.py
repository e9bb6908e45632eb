"""Tests of the recipes, each run as a user runs it: python/recipes/check."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pandas
import snowman

HERE = Path(__file__).resolve().parent

# Names that a table may have, and a line could not.
ODD = [
    None, "", " ", "\n", "a\nb.com", "a\tb.com", 'a"b.com', '"a.com"', "'a.com'", "\\", "\\N", "\\n", "a\\nb.com", "x,y.com", "=cmd.com",
    "bücher.example", "no name", "nan", "NULL", "http://example.com/a?b=c&d=%20", "x" * 70_000, "paypal-login-secure.com\u202e",
    "http://paypal-login-secure.com/\u2066x", "http://paypal-login-secure.com/\x85x", "http://paypal-login-secure.com/\tx", "paypal-login-secure.com", "github.com",
]


def names():
    """Return ordinary names, generated ones, repeated ones, and odd ones among them."""
    random.seed(1)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    made = ["".join(random.choices(letters, k=random.randint(6, 24))) + random.choice([".com", ".info", ".example.org"]) for _ in range(20_000)]
    made += random.choices(made, k=5_000) + ODD * 3
    random.shuffle(made)
    return made


def judged_by_the_program(texts):
    """Return score, level and kind of each text as snowman score has them: of lines, and of one text each that is no line."""
    texts = sorted(set(filter(None, texts)))
    lines = [text for text in texts if "\n" not in text]
    found = {}
    runs = [([], lines)] + [([text], [text]) for text in texts if "\n" in text]
    for arguments, asked in runs:
        out = subprocess.run(
            [snowman.find_program(), "score", "-json", *(arguments or ["-format", "lines"])],
            input=None if arguments else "".join(line + "\n" for line in asked).encode(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
        )
        answers = [json.loads(line) for line in out.stdout.decode().splitlines()]
        assert len(answers) == len(asked), (arguments, len(answers))
        for text, answer in zip(asked, answers):
            found[text] = (answer.get("score", math.nan), answer.get("level"), answer.get("kind"))
    return found


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.source = os.path.join(cls.folder.name, "dns.parquet")
        cls.names = names()
        pandas.DataFrame({"id": range(len(cls.names)), "query": pandas.Series(cls.names, dtype=object)}).to_parquet(cls.source)
        cls.want = judged_by_the_program(cls.names)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def holds(self, recipe, digits=None):
        """Run a recipe, and compare its table name by name with what the program says."""
        library = recipe.split("_")[1]
        library = {"clickhouse": "chdb", "spark": "pyspark"}.get(library, library)
        if importlib.util.find_spec(library) is None or library == "pyspark" and shutil.which("java") is None:
            print(f"NOT TESTED: {recipe}.py (no {library}, or no Java)")
            self.skipTest("missing")
        target = os.path.join(self.folder.name, recipe + ".parquet")
        out = run(HERE / (recipe + ".py"), self.source, target)
        self.assertIn("paypal-login-secure.com", out)
        table = pandas.read_parquet(target).sort_values("id")
        self.assertEqual(table["id"].tolist(), list(range(len(self.names))))
        for name, query, score, level, kind in zip(self.names, table["query"], table["score"], table["level"], table["kind"]):
            self.assertEqual(None if pandas.isna(query) else query, name)
            want = self.want.get(name, (math.nan, None, None))
            shown = repr(name)[:100]
            if math.isnan(want[0]):
                self.assertTrue(pandas.isna(score), shown)
                self.assertTrue(all(pandas.isna(word) or word == "" for word in (level, kind)), shown)
                continue
            if digits and pandas.isna(score):  # a name with a line end
                self.assertIn("\n", name, shown)
                continue
            self.assertEqual(score, round(want[0], digits) if digits else want[0], shown)
            self.assertEqual((level, kind), want[1:], shown)

    def test_pandas(self):
        self.holds("with_pandas")

    def test_polars(self):
        self.holds("with_polars")

    def test_duckdb(self):
        self.holds("with_duckdb")

    def test_duckdb_pipe(self):
        self.holds("with_duckdb_pipe", digits=5)

    def test_clickhouse(self):
        self.holds("with_clickhouse", digits=5)

    def test_spark(self):
        if os.environ.get("SNOWMAN_RECIPES") == "short":
            print("NOT TESTED: with_spark.py (make check-recipes does)")
            self.skipTest("short")
        self.holds("with_spark")

    def test_notebook(self):
        for library in ("nbclient", "ipykernel", "matplotlib"):
            if importlib.util.find_spec(library) is None:
                print(f"NOT TESTED: zeek.ipynb (no {library})")
                self.skipTest("missing")
        import notebook

        done = notebook.execute()
        said = notebook.texts(done)
        self.assertEqual(said, notebook.texts(notebook.read()), "zeek.ipynb has other outputs: python python/recipes/notebook.py keeps these, after a look")

        log = run(HERE / "sample.py")
        out = subprocess.run([snowman.find_program(), "score", "-json", "-format", "zeek"], input=log.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        answers = sorted((answer for answer in map(json.loads, out.stdout.splitlines()) if answer["level"] != "none"), key=lambda answer: -answer["score"])
        kinds = {answer["text"]: answer["kind"] for answer in answers}
        want = [text for place, text in enumerate(kinds) if list(kinds.values())[:place].count(kinds[text]) < 5]
        table = next(text for text in said if "clients" in text and "level" in text)
        self.assertEqual(list(dict.fromkeys(word for word in table.split() if word in kinds)), want)

        pictures = [output["data"]["image/png"] for cell in done.cells for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})]
        self.assertEqual(len(pictures), 2)
        for picture in pictures:
            pixels = matplotlib_image(base64.b64decode(picture))
            self.assertGreater(len(set(map(tuple, pixels.reshape(-1, pixels.shape[-1]).tolist()))), 20)  # not blank

    def test_the_page_shows_what_is_run(self):
        page = (HERE.parents[1] / "docs" / "recipes.md").read_text()
        blocks = re.findall(r"^```(?:python|xml)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        files = [path.read_text() for path in HERE.iterdir() if path.suffix in (".py", ".xml")]
        self.assertGreater(len(blocks), 7)
        for block in blocks:
            self.assertTrue(any(block in file for file in files), block)


def matplotlib_image(content):
    """Return the pixels of a PNG."""
    import matplotlib.image

    return matplotlib.image.imread(io.BytesIO(content), format="png")


def run(script, *arguments):
    """Run a script in this Python, and return what it prints."""
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONWARNINGS": "ignore::FutureWarning"}
    done = subprocess.run([sys.executable, str(script), *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{script} ended with code {done.returncode}: {done.stderr.decode()[-3000:]}")
    return done.stdout.decode()


if __name__ == "__main__":
    unittest.main()
