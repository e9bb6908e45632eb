"""A long-lived process that scores texts."""

from __future__ import annotations

import json
import os
import threading
import weakref
from array import array
from math import nan
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union, overload

from ._columns import column_of
from ._errors import SnowmanError, TextError
from ._kinds import is_a, scores_like, scores_of, texts_of, verdicts_like, verdicts_of
from ._logs import iter_logs
from ._process import Process
from ._program import find_program
from ._texts import batches, encode, merge
from ._types import C, Column, Errors, Lists, Path, Source
from ._verdict import Verdict, verdict_of

# Blocks of answers, of 64 KiB at most, that are read as a table at a time.
_BLOCKS = 64

# What takes the lines of answers: it returns what they say, and of those that say that there is
# none the reason, by place.
_Reader = Callable[[List[bytes]], Tuple[List[Any], Dict[int, str]]]


class Snowman:
    """Scores names and URLs in a process of its own, which starts with the first question.

    The methods may be called from any thread, and after a fork. Each is what the function of the
    same name in this module is::

        with snowman.Snowman(allow="ours.txt") as ours:
            ours.score(["github.com", "zis32msdi3.com"])

    ``model`` is a file that ``snowman train`` made, by default the model in the program. ``allow``
    is one file or several with names that reach no level. ``program`` is the program to run, by
    default the one that came with this package.
    """

    def __init__(
        self, *, model: Optional[Path] = None, allow: Union[Path, Sequence[Path]] = (), program: Optional[Path] = None
    ) -> None:
        self._program = os.fspath(program) if program is not None else find_program()
        self._flags: List[str] = []
        if model is not None:
            self._flags += ["-model", os.path.abspath(model)]
        for path in (allow,) if isinstance(allow, (str, os.PathLike)) else allow:
            self._flags += ["-allow", os.path.abspath(path)]
        self._lock = threading.Lock()
        self._process: Optional[Process] = None
        self._is_closed = False
        _all.add(self)

    def __enter__(self) -> "Snowman":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process. What is asked afterwards is an error."""
        with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
        if process is not None:
            process.close()

    @overload
    def score(self, texts: str, *, errors: Errors = ...) -> float: ...
    @overload
    def score(self, texts: Lists, *, errors: Errors = ...) -> List[float]: ...
    @overload
    def score(self, texts: C, *, errors: Errors = ...) -> C: ...

    def score(self, texts: Any, *, errors: Errors = "nan") -> Any:
        """Return the probability that each text is malicious, where half of all texts are.

        A str gives a float; a list or iterator of any length a list in the same order; a numpy
        array, a Series of pandas (its index is kept) or polars, an Array or ChunkedArray of pyarrow
        gives its own kind. What has no score, such as None or a line of words, gives NaN, or
        raises TextError with ``errors="raise"``.
        """
        if isinstance(texts, str):
            answers, _ = self._ask_all("score", [texts], _read_scores, errors)
            return answers[0] if answers else nan
        table = self._table(texts, errors)
        if table is not None:
            return scores_of(texts, table)
        scores = array("d")
        for answers, failures, _ in self._batches("score", texts, _read_scores, errors):
            scores.fromlist(merge(answers, dict.fromkeys(failures, nan)))
        return scores_like(texts, scores)

    @overload
    def classify(self, texts: str, *, errors: Errors = ...) -> Verdict: ...
    @overload
    def classify(self, texts: Lists, *, errors: Errors = ...) -> List[Verdict]: ...
    @overload
    def classify(self, texts: Column, *, errors: Errors = ...) -> Any: ...

    def classify(self, texts: Any, *, errors: Errors = "nan") -> Any:
        """Return all that is said of each text.

        A str gives a Verdict; a list, an iterator or a numpy array a list of them; a column of
        pandas, polars or pyarrow a DataFrame or Table with the columns score, level, kind, error.
        """
        if isinstance(texts, str):
            answers, failures = self._ask_all("verdict", [texts], _read_objects, errors)
            return _verdicts([texts], answers, failures)[0]
        table = None if is_a(texts, "numpy", "ndarray") else self._table(texts, errors)
        if table is not None:
            return verdicts_of(texts, table)
        verdicts: List[Verdict] = []
        for answers, failures, batch in self._batches("verdict", texts, _read_objects, errors):
            verdicts += _verdicts(batch, answers, failures)
        return verdicts_like(texts, verdicts)

    def explain(self, text: str) -> Dict[str, Any]:
        """Return what the score of one text is made of: what ``snowman explain -json`` prints.

        Raises TextError if the text has no score.
        """
        answers, _ = self._ask_all("explain", [text], _read_objects, "raise")
        explanation: Dict[str, Any] = answers[0]
        return explanation

    def iter_logs(self, source: Source, format: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """Yield a dict for each name in a log: what ``snowman score -json -place`` prints."""
        return iter_logs(self._program, self._flags, source, format)

    def _batches(self, what: str, texts: Any, read: _Reader, errors: Errors) -> Iterator[Tuple[List[Any], Dict[int, str], List[Any]]]:
        """Ask for texts batch by batch. The iterator that they come from is never called under the lock."""
        _check(errors)
        first = 0
        for batch in batches(texts_of(texts)):
            yield (*self._ask_all(what, batch, read, errors, first), batch)
            first += len(batch)

    def _table(self, texts: Any, errors: Errors) -> Any:
        """Return the answers to a column, as a table, or None if the texts are none that a library holds."""
        column = column_of(texts)
        if column is None:
            return None
        _check(errors)
        tables: List[Any] = []
        blocks: List[bytes] = []

        def take(lines: bytes) -> None:
            blocks.append(lines)
            if len(blocks) >= _BLOCKS:
                tables.append(column.read(b"".join(blocks)))
                blocks.clear()

        if len(column):
            self._exchange(column.requests(), len(column), take)
        if blocks:
            tables.append(column.read(b"".join(blocks)))
        table = column.concat(tables)
        failure = column.first_failure(table) if errors == "raise" else None
        if failure is not None:
            place, reason = failure
            raise TextError(next(iter(texts_of(column.column[place : place + 1]))), place, reason)
        return table

    def _ask_all(self, what: str, texts: List[Any], read: _Reader, errors: Errors, first: int = 0) -> Tuple[List[Any], Dict[int, str]]:
        """Return the answers to the texts that have one, and why others have none."""
        _check(errors)
        requests, count, failures = encode(what, texts)
        answers: List[Any] = []
        unscored: Dict[int, str] = {}  # by place among the requests

        def take(lines: bytes) -> None:
            values, reasons = read(lines.split(b"\n")[:-1])
            for place, reason in reasons.items():
                unscored[len(answers) + place] = reason
            answers.extend(values)

        if count:
            self._exchange(requests, count, take)
        if unscored:
            places = [place for place in range(len(texts)) if place not in failures] if failures else range(len(texts))
            failures.update((places[place], reason) for place, reason in unscored.items())
            answers = [answer for place, answer in enumerate(answers) if place not in unscored]
        if failures and errors == "raise":
            place = min(failures)
            raise TextError(texts[place], first + place, failures[place])
        return answers, failures

    def _exchange(self, requests: Union[bytes, Iterable[bytes]], count: int, take: Callable[[bytes], Any]) -> None:
        with self._lock:
            if self._is_closed:
                raise SnowmanError("this Snowman is closed")
            if self._process is not None and self._process.has_ended():
                self._process.close()
                self._process = None
            if self._process is None:
                self._process = Process([self._program, "helper", "binding", *self._flags])
            try:
                self._process.exchange(requests, count, take)
            except BaseException:
                self._process = None
                raise

    def _forget(self) -> None:
        """Start anew in a forked process: the pipe is its parent's, and the lock may be another thread's."""
        self._lock = threading.Lock()
        process, self._process = self._process, None
        if process is not None:
            process.forget()


def _check(errors: str) -> None:
    if errors not in ("nan", "raise"):
        raise ValueError(f'errors is "nan" or "raise", not {errors!r}')


def _read_scores(lines: List[bytes]) -> Tuple[List[Any], Dict[int, str]]:
    try:
        return list(map(float, lines)), {}
    except ValueError:  # a reason stands behind nan
        pass
    scores, reasons = [], {}
    for place, line in enumerate(lines):
        score, _, reason = line.partition(b"\t")
        scores.append(float(score))
        if reason:
            reasons[place] = reason.decode()
    return scores, reasons


def _read_objects(lines: List[bytes]) -> Tuple[List[Any], Dict[int, str]]:
    objects = [json.loads(line) for line in lines]
    return objects, {place: members["error"] for place, members in enumerate(objects) if "error" in members}


def _verdicts(texts: List[Any], answers: List[Dict[str, Any]], failures: Dict[int, str]) -> List[Verdict]:
    return [verdict_of(text, members) for text, members in zip(texts, merge(answers, {p: {"error": r} for p, r in failures.items()}))]


_all: "weakref.WeakSet[Snowman]" = weakref.WeakSet()


def _forget_all() -> None:
    for client in list(_all):
        client._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
