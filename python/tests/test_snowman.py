"""Tests of the installed package: python -m unittest discover python/tests."""

from __future__ import annotations

import gc
import importlib
import io
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
import warnings
from pathlib import Path

import snowman
from snowman import _columns

TOP = Path(__file__).resolve().parents[2]
LOGS = TOP / "logs" / "testdata"
PHISHING, BENIGN = "paypal-login-secure.com", "github.com"
ODD = [
    "", " ", "\n", "\t", "a\nb.com", "a\tb.com", "a\x00b.com", "\x00", "\\", "\\n", "a\\nb.com", "\r", "a\r", "\ud800.com",
    "\udcff", "a" * (1 << 20) + ".com", "\\" * (1 << 20), "\u2028", "\U0001f600.com", "b\xfccher.example", "no name at all",
    None, 1, 1.5, float("nan"), b"github.com", [], object(), "x" * 65536, "x" * 65537, "score\tgithub.com", "nan\tx",
    '"', '"github.com', 'a"\n"b',
]


def module(name):
    """Return a library, or skip the test."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"no {name}") from None


def libraries():
    """Return the libraries with columns that there are, by name."""
    found = {}
    for name in ("pandas", "polars", "pyarrow"):
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            pass
    return found


def children():
    """Return the processes that this one has started and not waited for, and their states."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=,comm=", "--ppid", str(os.getpid())], stdout=subprocess.PIPE, check=False)
    return [line for line in listed.stdout.decode().splitlines() if " ps" not in line]


class Answers(unittest.TestCase):
    def test_list_in_order(self):
        scores = snowman.score([PHISHING, BENIGN, PHISHING])
        self.assertIsInstance(scores, list)
        self.assertGreater(scores[0], 0.999)
        self.assertLess(scores[1], 0.1)
        self.assertEqual(scores[0], scores[2])

    def test_one_str(self):
        self.assertEqual(snowman.score(BENIGN), snowman.score([BENIGN])[0])
        self.assertTrue(math.isnan(snowman.score("no name")))

    def test_nothing(self):
        self.assertEqual(snowman.score([]), [])
        self.assertEqual(snowman.classify(iter(())), [])

    def test_other_collections(self):
        for texts in ((BENIGN, PHISHING), iter([BENIGN, PHISHING]), (t for t in [BENIGN, PHISHING]), {BENIGN: 1, PHISHING: 2}.keys()):
            self.assertEqual(snowman.score(texts), snowman.score([BENIGN, PHISHING]))

    def test_odd_texts_do_not_shift_the_others(self):
        alone = [snowman.score([text])[0] for text in ODD]
        random.seed(1)
        for _ in range(5):
            order = random.sample(range(len(ODD)), len(ODD))
            texts = [text for place in order for text in (ODD[place], BENIGN)]
            scores = snowman.score(texts)
            self.assertEqual(len(scores), len(texts))
            self.assertEqual(set(scores[1::2]), {snowman.score(BENIGN)})
            self.assertEqual(list(map(str, scores[::2])), [str(alone[place]) for place in order])
            verdicts = snowman.classify(texts)
            self.assertEqual([str(v.score) for v in verdicts], list(map(str, scores)))
            for text, v in zip(texts, verdicts):
                self.assertIs(v.text, text)
                self.assertEqual(v.error is None, v.score == v.score)

    def test_white_space_around_a_text(self):
        self.assertEqual(snowman.score(["github.com\n", "github.com\r\n", "\tgithub.com "]), [snowman.score(BENIGN)] * 3)

    def test_the_backslash_of_a_url(self):
        self.assertEqual(snowman.score("http:\\\\github.com\\a\\n"), snowman.score("http://github.com/a/n"))

    def test_long_results_in_order(self):
        texts = [f"name{i}.example.com" if i % 3 else None for i in range(150_000)]
        few = snowman.score(texts[:300])
        scores = snowman.score(iter(texts))
        self.assertEqual(len(scores), len(texts))
        self.assertEqual(str(few), str(scores[:300]))
        for i in random.sample(range(len(texts)), 300):
            self.assertEqual(str(scores[i]), str(snowman.score([texts[i]])[0]))

    def test_an_iterator_is_taken_in_pieces(self):
        taken = 0

        def texts():
            nonlocal taken
            for taken in range(1, 1_000_001):
                yield None if taken == 70_000 else "a.com"

        with self.assertRaises(snowman.TextError) as raised:
            snowman.score(texts(), errors="raise")
        self.assertEqual(raised.exception.index, 69_999)
        self.assertLess(taken, 200_000)

    def test_an_iterator_may_ask(self):
        def texts():
            for text in (BENIGN, PHISHING):
                yield text if snowman.score(text) > 0 else None

        self.assertEqual(snowman.score(texts()), snowman.score([BENIGN, PHISHING]))

    def test_what_is_no_column_of_texts(self):
        for wrong in (b"github.com", {"a.com": 1}, 7, None):
            with self.assertRaises(TypeError):
                snowman.score(wrong)
        with self.assertRaises(ValueError):
            snowman.score([], errors="ignore")


class Errors(unittest.TestCase):
    def test_raise(self):
        for texts, index, reason in (
            ([BENIGN, "a b", None], 1, "a space stands in the host"),
            ([BENIGN, None, "a b"], 1, "a text is a str, not NoneType"),
            (["\ud800"], 0, "surrogate"),
            (["x" * 100_000], 0, "longer than 65536"),
        ):
            for ask in (snowman.score, snowman.classify):
                with self.assertRaises(snowman.TextError) as raised:
                    ask(texts, errors="raise")
                self.assertEqual(raised.exception.index, index)
                self.assertIs(raised.exception.text, texts[index])
                self.assertIn(reason, raised.exception.reason)
                self.assertIn(reason, str(raised.exception))
                self.assertLess(len(str(raised.exception)), 400)
                self.assertIsInstance(raised.exception, (snowman.SnowmanError, ValueError))
        self.assertEqual(snowman.score([BENIGN], errors="raise"), snowman.score([BENIGN]))

    def test_a_program_that_dies_is_started_again(self):
        with snowman.Snowman() as own:
            before = own.score([BENIGN])
            own._process._popen.kill()
            own._process._popen.wait()
            self.assertEqual(own.score([BENIGN]), before)

            def texts():
                yield from ["a.com"] * 65_536
                own._process._popen.kill()
                own._process.has_ended = lambda: False  # it dies later than that is asked
                yield from ["a.com"] * 65_536

            with self.assertRaises(snowman.ProcessError) as raised:
                own.score(texts())
            self.assertEqual(raised.exception.returncode, -signal.SIGKILL if os.name == "posix" else 1)
            self.assertEqual(own.score([BENIGN]), before)

    def test_what_the_program_said(self):
        with snowman.Snowman(model="no such file") as own:
            for _ in range(2):
                for texts in (["a.com"], ["a.com"] * 100_000):
                    with self.assertRaises(snowman.ProcessError) as raised:
                        own.score(texts)
                    self.assertIn("no such file", raised.exception.stderr)
                    self.assertIn("no such file", str(raised.exception))
                    self.assertEqual(raised.exception.returncode, 1)

    def test_a_program_that_cannot_be_started(self):
        with snowman.Snowman(program="/no/such/program") as own:
            with self.assertRaises(snowman.ProcessError):
                own.score("a.com")
            with self.assertRaises(snowman.ProcessError):
                list(own.iter_logs("x"))

    @unittest.skipUnless(os.name == "posix", "a script as the program")
    def test_a_program_that_answers_something_else(self):
        for script, error in (
            ("while read -r line; do printf '0.5\\n0.5\\n'; done", snowman.ProcessError),
            ("while read -r line; do echo smile; done", ValueError),
            ("echo why >&2; exit 7", snowman.ProcessError),
        ):
            with tempfile.TemporaryDirectory() as folder:
                program = Path(folder, "program")
                program.write_text("#!/bin/sh\n" + script + "\n")
                program.chmod(0o755)
                with snowman.Snowman(program=program) as own:
                    with self.assertRaises(error):
                        own.score("a.com")
                    self.assertIsNone(own._process)

    def test_closed(self):
        own = snowman.Snowman()
        own.close()
        own.close()
        with self.assertRaises(snowman.SnowmanError):
            own.score("a.com")

    def test_models(self):
        toy = TOP / "web" / "testdata" / "toy.safetensors"
        here = os.getcwd()
        os.chdir(toy.parent)
        try:
            relative = snowman.score("z.com", model="toy.safetensors")
        finally:
            os.chdir(here)
        self.assertEqual(relative, snowman.score(["z.com"], model=toy)[0])
        self.assertNotEqual(relative, snowman.score("z.com"))

    def test_allow_lists(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "ours.txt")
            path.write_text(PHISHING + "\n")
            for allow in (path, [str(path)]):
                with snowman.Snowman(allow=allow) as own:
                    verdict = own.classify(PHISHING)
                    self.assertEqual((verdict.level, verdict.allowed["entry"]), ("none", PHISHING))


class Verdicts(unittest.TestCase):
    def test_members(self):
        phishing, broken, local = snowman.classify(["http://me@" + PHISHING, "a b", "printer.local"])
        self.assertEqual((phishing.level, phishing.kind, phishing.mentions, phishing.user_info), ("high", "phishing", "paypal.com", True))
        self.assertAlmostEqual(sum(phishing.kinds.values()), 1)
        self.assertEqual(phishing.score, snowman.score("http://me@" + PHISHING))
        self.assertTrue(math.isnan(broken.score))
        self.assertEqual((broken.level, broken.kind), (None, None))
        self.assertIn("space", broken.error)
        self.assertEqual(local.not_public, "local suffix")
        with self.assertRaises(AttributeError):
            local.level = "high"

    def test_explain(self):
        explanation = snowman.explain(PHISHING)
        self.assertEqual(explanation["score"], snowman.score(PHISHING))
        self.assertIn("baseline", explanation)
        for wrong in ("a b", None):
            with self.assertRaises(snowman.TextError):
                snowman.explain(wrong)


class Columns(unittest.TestCase):
    texts = [BENIGN, None, PHISHING, "a b"]

    def same(self, scores):
        self.assertEqual(list(map(str, scores)), list(map(str, snowman.score(self.texts))))

    def test_numpy(self):
        np = module("numpy")
        scores = snowman.score(np.array(self.texts, dtype=object).reshape(2, 2))
        self.assertEqual((scores.shape, scores.dtype), ((2, 2), np.float64))
        self.same(scores.ravel().tolist())
        scores[0, 0] = 1  # it may be written to
        columns = np.array([[BENIGN, PHISHING], [PHISHING, BENIGN]]).T
        self.assertEqual(snowman.score(columns).tolist(), [snowman.score([BENIGN, PHISHING]), snowman.score([PHISHING, BENIGN])])
        self.assertEqual(snowman.score(np.array([], dtype=str)).shape, (0,))
        self.assertEqual(snowman.score(np.empty((0, 3), dtype=object)).shape, (0, 3))
        self.assertEqual(snowman.score(np.array(BENIGN)).shape, ())
        self.assertEqual(len(snowman.classify(columns)), 4)

    def test_pandas(self):
        pd = module("pandas")
        index = [7, 7, "x", None]
        for dtype in (object, "string", "category"):
            series = pd.Series(self.texts, index=index, name="query", dtype=dtype)
            scores = snowman.score(series)
            self.assertIsInstance(scores, pd.Series)
            self.assertTrue(scores.index.equals(series.index))
            self.assertEqual((scores.name, scores.dtype), ("query", "float64"))
            self.same(scores.tolist())
            verdicts = snowman.classify(series)
            self.assertEqual(list(verdicts.columns), ["score", "level", "kind", "error"])
            self.assertTrue(verdicts.index.equals(series.index))
            self.assertEqual(verdicts["level"].tolist()[2], "high")
        self.assertEqual(len(snowman.score(pd.Series([], dtype=object))), 0)
        with self.assertRaises(TypeError):
            snowman.score(pd.DataFrame({"a": self.texts}))

    def test_polars(self):
        pl = module("polars")
        series = pl.Series("query", self.texts)
        scores = snowman.score(series)
        self.assertEqual((type(scores), scores.name, scores.dtype), (pl.Series, "query", pl.Float64))
        self.same(scores.to_list())
        verdicts = snowman.classify(series)
        self.assertEqual((verdicts.columns, verdicts["kind"].to_list()[2]), (["score", "level", "kind", "error"], "phishing"))
        self.assertEqual(len(snowman.score(pl.Series("a", [], dtype=pl.String))), 0)
        self.assertEqual(snowman.classify(pl.Series("a", [], dtype=pl.String)).height, 0)
        with self.assertRaises(TypeError):
            snowman.score(pl.DataFrame({"a": self.texts}))

    def test_pyarrow(self):
        pa = module("pyarrow")
        for array in (pa.array(self.texts), pa.array([BENIGN, *self.texts])[1:], pa.array(self.texts).dictionary_encode()):
            scores = snowman.score(array)
            self.assertEqual((scores.type, scores.null_count), (pa.float64(), 0))
            scores.validate(full=True)
            self.same(scores.to_pylist())
        chunked = pa.chunked_array([self.texts[:1], [], self.texts[1:]], type=pa.string())
        scores = snowman.score(chunked)
        self.assertEqual((type(scores), [len(c) for c in scores.chunks]), (pa.ChunkedArray, [1, 0, 3]))
        self.same(scores.to_pylist())
        self.assertEqual(snowman.classify(chunked).column_names, ["score", "level", "kind", "error"])
        self.assertEqual(len(snowman.score(pa.array([], type=pa.string()))), 0)
        with self.assertRaises(TypeError):
            snowman.score(pa.table({"a": self.texts}))


    def test_odd_texts_as_in_a_list(self):
        texts = [text for text in ODD if text is None or isinstance(text, str) and "\ud800" not in text and "\udcff" not in text] * 2
        want = [[v.level, v.kind, v.error] for v in snowman.classify(texts)]
        wrong = next(place for place, (_, _, error) in enumerate(want) if error)
        columns, found = [], libraries()
        if pa := found.get("pyarrow"):
            columns += [pa.array(texts), pa.chunked_array([texts[:5], [], texts[5:]]), pa.array(texts).dictionary_encode()]
        if pl := found.get("polars"):
            columns.append(pl.Series(texts))
        if pd := found.get("pandas"):
            columns += [pd.Series(texts, dtype=dtype) for dtype in (object, "string", None)]
        for column in columns:
            listed = (lambda values: values.to_pylist()) if hasattr(column, "to_pylist") else (lambda values: values.tolist() if hasattr(values, "tolist") else values.to_list())
            self.assertEqual(list(map(str, listed(snowman.score(column)))), list(map(str, snowman.score(texts))))
            verdicts = snowman.classify(column)
            got = [[None if x != x or x is None else x for x in listed(verdicts[name])] for name in ("level", "kind", "error")]
            for text, row, expected in zip(texts, zip(*got), want):
                if text is not None:
                    self.assertEqual(list(row), expected, repr(text)[:100])
            for ask in (snowman.score, snowman.classify):
                with self.assertRaises(snowman.TextError) as raised:
                    ask(column, errors="raise")
                self.assertEqual((raised.exception.index, raised.exception.reason), (wrong, want[wrong][2]))

    def test_a_column_that_cannot_be_asked_about(self):
        pa = module("pyarrow")
        names = pa.array([f"name{i}.example.com" for i in range(300_000)])
        with snowman.Snowman() as own:
            before = own.score(names[:1])
            made = []

            def fail(column, texts, join=_columns._Arrow.join):
                made.append(1)
                if len(made) == 2:
                    raise RuntimeError("while others are answered")
                return join(column, texts)

            with unittest.mock.patch.object(_columns._Arrow, "join", fail), self.assertRaisesRegex(RuntimeError, "answered"):
                own.score(names)
            self.assertEqual(own.score(names[:1]), before)
        with snowman.Snowman(model="no such file") as own, self.assertRaises(snowman.ProcessError) as raised:
            own.score(names)
        self.assertIn("no such file", raised.exception.stderr)

    def test_columns_of_many_pieces(self):
        names = [f"name{i}.example.com" for i in range(150_000)]
        for texts in (names, ["http://example.com/" + "a" * 5000] * 3000):
            want = snowman.score(texts[:1]) + snowman.score(texts[-1:])
            for name, kind in (("pyarrow", "array"), ("polars", "Series")):
                if name in libraries():
                    scores = snowman.score(getattr(libraries()[name], kind)(texts))
                    self.assertEqual([len(scores), float(str(scores[0])), float(str(scores[-1]))], [len(texts), *want])


class Logs(unittest.TestCase):
    def test_a_path_and_files_say_the_same(self):
        path = LOGS / "suricata-7.json"
        names = list(snowman.iter_logs(path))
        self.assertIn(PHISHING, [name["text"] for name in names])
        self.assertTrue(all(name["line"] > 0 for name in names))
        self.assertTrue(any("client" in name and "time" in name for name in names))
        for read in (lambda: open(path, "rb"), lambda: open(path, encoding="utf-8"), lambda: io.BytesIO(path.read_bytes())):
            with read() as file:
                self.assertEqual(list(snowman.iter_logs(file, "suricata")), names)
        self.assertEqual(list(snowman.iter_logs(str(path), format="suricata")), names)

    def test_names_without_a_score(self):
        names = list(snowman.iter_logs(io.StringIO("github.com\na b\n"), "lines"))
        self.assertIn("error", names[1])

    def test_what_is_said_of_a_log(self):
        with self.assertLogs("snowman", "WARNING") as said:
            self.assertEqual(list(snowman.iter_logs(LOGS / "suricata-7.json", "zeek")), [])
        self.assertIn("do not fit Zeek log", "\n".join(said.output))

    def test_what_cannot_be_read(self):
        for source, format in (("no such file", None), ("-", None), ("unix:no such folder/socket", None), (LOGS / "suricata-7.json", "smoke")):
            with self.assertRaises(snowman.ProcessError) as raised:
                list(snowman.iter_logs(source, format))
            self.assertTrue(raised.exception.stderr)

    def test_an_error_of_the_file(self):
        class Broken:
            def read(self, size):
                raise OSError("broken")

        with self.assertRaisesRegex(OSError, "broken"):
            list(snowman.iter_logs(Broken(), "lines"))

    @unittest.skipUnless(os.name == "posix", "lists processes by ps")
    def test_leaving_early(self):
        class Endless:
            def read(self, size):
                return b"github.com\n" * 1000

        snowman.score(BENIGN)
        before = children()
        names = snowman.iter_logs(Endless(), "lines")
        self.assertEqual(next(names)["text"], BENIGN)
        names.close()
        self.assertEqual(children(), before)


class Processes(unittest.TestCase):
    def test_threads_share_one(self):
        texts = [f"name{i}.example.com" for i in range(5000)]
        want = snowman.score(texts)
        got = {}

        def ask(n):
            part = texts[n * 500 : n * 500 + 500] * (3 if n % 2 else 1)
            got[n] = [snowman.score(part), [v.score for v in snowman.classify(part[:50])], snowman.explain(part[0])["score"]]

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for n in range(10):
            part = want[n * 500 : n * 500 + 500]
            self.assertEqual(got[n], [part * (3 if n % 2 else 1), part[:50], part[0]])

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_a_fork_has_its_own(self):
        want = snowman.score([BENIGN, PHISHING] * 5000)
        mine = snowman._shared[None]._process._popen.pid
        stop = threading.Event()

        def work():  # so that forks find the lock taken
            while not stop.is_set():
                snowman.score([BENIGN] * 2000)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for _ in range(5):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
                    pid = os.fork()
                if pid == 0:
                    code = 1
                    try:
                        same = snowman.score([BENIGN, PHISHING] * 5000) == want
                        code = 0 if same and snowman._shared[None]._process._popen.pid != mine else 2
                        snowman._shared[None].close()
                    finally:
                        os._exit(code)
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(snowman.score([BENIGN, PHISHING] * 5000), want)
        self.assertEqual(snowman._shared[None]._process._popen.pid, mine)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_multiprocessing(self):
        script = (
            "import multiprocessing, snowman\n"
            "if __name__ == '__main__':\n"
            "    want = snowman.score(['a.com', 'b.com'])\n"
            "    for method in multiprocessing.get_all_start_methods():\n"
            "        with multiprocessing.get_context(method).Pool(2) as pool:\n"
            "            assert pool.map(snowman.score, ['a.com', 'b.com']) == want\n"
            "    print('done')\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "script.py")
            path.write_text(script)
            out = subprocess.run([sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
        self.assertEqual((out.returncode, out.stdout.strip()), (0, b"done"), out.stdout)

    @unittest.skipUnless(os.name == "posix", "lists processes by ps")
    def test_no_process_is_left(self):
        snowman.score(BENIGN)
        before = children()
        own = snowman.Snowman()
        own.score(BENIGN)
        self.assertEqual(len(children()), len(before) + 1)
        own.close()
        self.assertEqual(children(), before)
        own = snowman.Snowman()
        own.score(BENIGN)
        del own
        gc.collect()
        self.assertEqual(children(), before)

    @unittest.skipUnless(os.name == "posix", "sends a signal")
    def test_an_interrupt_leaves_nothing_behind(self):
        # A shell has what it starts in the background ignore interrupts.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        with snowman.Snowman() as own:
            want = own.score([BENIGN, PHISHING])
            many = [f"name{i}.example.com" for i in range(500_000)]
            interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
            interrupt.start()
            with self.assertRaises(KeyboardInterrupt):
                for _ in range(100):
                    own.score(many)
            self.assertEqual(own.score([BENIGN, PHISHING]), want)
        self.assertFalse([thread for thread in threading.enumerate() if thread.name == "snowman"])

    def test_the_end_of_python_is_quiet(self):
        script = "import snowman; snowman.score(['a.com'] * 10_000); own = snowman.Snowman(); own.score('a.com'); print(own._process._popen.pid)"
        start = time.monotonic()
        out = subprocess.run([sys.executable, "-X", "dev", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(out.stderr, b"")
        if os.name == "posix":
            with self.assertRaises(ProcessLookupError):
                os.kill(int(out.stdout), 0)
        self.assertLess(time.monotonic() - start, 60)

    def test_no_library_is_imported(self):
        script = "import sys, snowman; snowman.score(['a.com']); assert not {'numpy', 'pandas', 'polars', 'pyarrow'} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", script], check=True)


class Program(unittest.TestCase):
    def test_module_and_command_are_the_program(self):
        want = subprocess.run([snowman.find_program(), "version"], stdout=subprocess.PIPE, check=True).stdout
        self.assertTrue(want.startswith(b"snowman "))
        self.assertEqual(subprocess.run([sys.executable, "-m", "snowman", "version"], stdout=subprocess.PIPE, check=True).stdout, want)
        wrong = subprocess.run([sys.executable, "-m", "snowman", "smile"], stderr=subprocess.PIPE, check=False)
        self.assertEqual(wrong.returncode, 2)

    def test_version(self):
        self.assertRegex(importlib.import_module("importlib.metadata").version("snowman-ml"), r"^\d+\.\d+\.\d+")

    def test_the_manual(self):
        page = (TOP / "docs" / "python.md").read_text(encoding="utf-8")
        examples = [part.partition("```")[0] for part in page.split("```python\n")[1:]]
        self.assertGreater(len(examples), 1)
        self.assertIn("```python\n" + examples[0], (TOP / "python" / "README.md").read_text(encoding="utf-8"))
        self.assertEqual(examples[0], (TOP / "README.md").read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0])
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                Path("ours.txt").write_text("github.com\n")
                Path("dns.log").write_bytes((LOGS / "zeek-dns.log").read_bytes())
                names = {"__name__": "example"}
                for example in examples:
                    if "pandas" in example:
                        try:
                            import pandas  # noqa: F401
                        except ImportError:
                            continue
                    self.run_example(example, names)
            finally:
                os.chdir(here)

    def run_example(self, example, names):
        """Run an example line by line: what stands behind # is what the line's value looks like."""
        code = ""
        for line in example.splitlines():
            before, mark, want = line.partition("  # ")
            if mark:
                exec(code, names)
                self.assertEqual(repr(eval(before, names)), want, before)
                code = ""
            else:
                code += line + "\n"
        exec(code, names)


if __name__ == "__main__":
    unittest.main()
