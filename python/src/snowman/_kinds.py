"""Arrays in, the same kind of array out. No library is imported that the caller has not imported."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from itertools import chain
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence

from ._verdict import Verdict

_SLICE = 1 << 14  # elements that are made objects of Python at a time
COLUMNS = ("score", "level", "kind", "error")


def is_a(value: Any, module: str, *names: str) -> bool:
    """Tell whether a value is of a class of a module, which is then loaded."""
    loaded = sys.modules.get(module)
    classes = tuple(filter(None, (getattr(loaded, name, None) for name in names)))
    return bool(classes) and isinstance(value, classes)


_TABLES = (
    ("pandas", "DataFrame"),
    ("polars", "DataFrame", "LazyFrame"),
    ("pyarrow", "Table", "RecordBatch"),
)


def texts_of(texts: Any) -> Iterable[Any]:
    """Return texts one by one, of whatever holds them."""
    if isinstance(texts, (str, bytes, bytearray, memoryview, Mapping)) or any(is_a(texts, *tables) for tables in _TABLES):
        raise TypeError(f"texts are a list, an iterator or a column, not {type(texts).__name__}")
    if is_a(texts, "numpy", "ndarray"):
        flat = texts.ravel()
        return _sliced(len(flat), lambda a, b: flat[a:b].tolist())
    if is_a(texts, "pandas", "Series"):
        return _sliced(len(texts), lambda a, b: texts.iloc[a:b].tolist())
    if is_a(texts, "polars", "Series"):
        return _sliced(len(texts), lambda a, b: texts[a:b].to_list())
    if is_a(texts, "pyarrow", "Array", "ChunkedArray"):
        return _sliced(len(texts), lambda a, b: texts.slice(a, b - a).to_pylist())
    found: Iterator[Any] = iter(texts)
    return found


def _sliced(length: int, cut: Callable[[int, int], List[Any]]) -> Iterator[Any]:
    return chain.from_iterable(cut(a, min(a + _SLICE, length)) for a in range(0, length, _SLICE))


def scores_like(texts: Any, scores: "array[float]") -> Any:
    """Return scores as the kind of array that the texts are, else as a list."""
    if is_a(texts, "numpy", "ndarray"):
        return _floats(scores).reshape(texts.shape)
    if is_a(texts, "pandas", "Series"):
        return _pandas_scores(texts, _floats(scores))
    if is_a(texts, "polars", "Series"):
        polars = sys.modules["polars"]
        return polars.Series(texts.name, scores.tolist(), dtype=polars.Float64)
    if is_a(texts, "pyarrow", "Array", "ChunkedArray"):
        pyarrow = sys.modules["pyarrow"]
        return _arrow_scores(texts, pyarrow.Array.from_buffers(pyarrow.float64(), len(scores), [None, pyarrow.py_buffer(scores)]))
    return scores.tolist()


def scores_of(texts: Any, table: Any) -> Any:
    """Return the scores in a table of answers as the kind of array that the texts are."""
    if is_a(texts, "polars", "Series"):
        return table["score"].alias(texts.name)
    if is_a(texts, "numpy", "ndarray"):
        return table["score"].to_numpy().copy().reshape(texts.shape)  # which may be written to
    if is_a(texts, "pandas", "Series"):
        return _pandas_scores(texts, table["score"].to_numpy().copy())
    pyarrow = sys.modules["pyarrow"]
    return _arrow_scores(texts, pyarrow.concat_arrays(table["score"].chunks) if len(table) else pyarrow.array([], pyarrow.float64()))


def _floats(scores: "array[float]") -> Any:
    import numpy  # is there: it, or pandas, which needs it, was imported

    return numpy.frombuffer(scores, dtype="float64") if scores else numpy.empty(0)


def _pandas_scores(texts: Any, scores: Any) -> Any:
    return sys.modules["pandas"].Series(scores, index=texts.index, name=texts.name, dtype="float64")


def _arrow_scores(texts: Any, scores: Any) -> Any:
    """Cut scores into the chunks that the texts have."""
    if is_a(texts, "pyarrow", "Array"):
        return scores
    pyarrow = sys.modules["pyarrow"]
    chunks, first = [], 0
    for chunk in texts.chunks:
        chunks.append(scores.slice(first, len(chunk)))
        first += len(chunk)
    return pyarrow.chunked_array(chunks, type=pyarrow.float64())


def verdicts_like(texts: Any, verdicts: Sequence[Verdict]) -> Any:
    """Return verdicts as columns if the texts are a column, else as a list."""
    if is_a(texts, "pandas", "Series"):
        return sys.modules["pandas"].DataFrame(_columns(verdicts), index=texts.index)
    if is_a(texts, "polars", "Series"):
        polars = sys.modules["polars"]
        return polars.DataFrame(_columns(verdicts), schema=dict(zip(COLUMNS, (polars.Float64, polars.String, polars.String, polars.String))))
    if is_a(texts, "pyarrow", "Array", "ChunkedArray"):
        pyarrow = sys.modules["pyarrow"]
        types = (pyarrow.float64(), pyarrow.string(), pyarrow.string(), pyarrow.string())
        return pyarrow.table(_columns(verdicts), schema=pyarrow.schema(list(zip(COLUMNS, types))))
    return verdicts


def _columns(verdicts: Sequence[Verdict]) -> Dict[str, List[Any]]:
    return {name: [getattr(v, name) for v in verdicts] for name in COLUMNS}


def verdicts_of(texts: Any, table: Any) -> Any:
    """Return a table of answers as the kind of table that belongs to the texts."""
    return table.to_pandas().set_index(texts.index) if is_a(texts, "pandas", "Series") else table
