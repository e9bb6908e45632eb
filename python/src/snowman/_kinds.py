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


def _is(value: Any, module: str, *names: str) -> bool:
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
    if isinstance(texts, (str, bytes, bytearray, memoryview, Mapping)) or any(_is(texts, *tables) for tables in _TABLES):
        raise TypeError(f"texts are a list, an iterator or a column, not {type(texts).__name__}")
    if _is(texts, "numpy", "ndarray"):
        flat = texts.ravel()
        return _sliced(len(flat), lambda a, b: flat[a:b].tolist())
    if _is(texts, "pandas", "Series"):
        return _sliced(len(texts), lambda a, b: texts.iloc[a:b].tolist())
    if _is(texts, "polars", "Series"):
        return _sliced(len(texts), lambda a, b: texts[a:b].to_list())
    if _is(texts, "pyarrow", "Array", "ChunkedArray"):
        return _sliced(len(texts), lambda a, b: texts.slice(a, b - a).to_pylist())
    found: Iterator[Any] = iter(texts)
    return found


def _sliced(length: int, cut: Callable[[int, int], List[Any]]) -> Iterator[Any]:
    return chain.from_iterable(cut(a, min(a + _SLICE, length)) for a in range(0, length, _SLICE))


def scores_like(texts: Any, scores: "array[float]") -> Any:
    """Return scores as the kind of array that the texts are, else as a list."""
    if _is(texts, "numpy", "ndarray"):
        return _floats(scores).reshape(texts.shape)
    if _is(texts, "pandas", "Series"):
        pandas = sys.modules["pandas"]
        return pandas.Series(_floats(scores), index=texts.index, name=texts.name, dtype="float64")
    if _is(texts, "polars", "Series"):
        polars = sys.modules["polars"]
        return polars.Series(texts.name, scores.tolist(), dtype=polars.Float64)
    if _is(texts, "pyarrow", "Array"):
        return _arrow(scores)
    if _is(texts, "pyarrow", "ChunkedArray"):
        pyarrow = sys.modules["pyarrow"]
        chunks, first = [], 0
        whole = _arrow(scores)
        for chunk in texts.chunks:
            chunks.append(whole.slice(first, len(chunk)))
            first += len(chunk)
        return pyarrow.chunked_array(chunks, type=pyarrow.float64())
    return scores.tolist()


def _floats(scores: "array[float]") -> Any:
    import numpy  # is there: it, or pandas, which needs it, was imported

    return numpy.frombuffer(scores, dtype="float64") if scores else numpy.empty(0)


def _arrow(scores: "array[float]") -> Any:
    pyarrow = sys.modules["pyarrow"]
    return pyarrow.Array.from_buffers(pyarrow.float64(), len(scores), [None, pyarrow.py_buffer(scores)])


def verdicts_like(texts: Any, verdicts: Sequence[Verdict]) -> Any:
    """Return verdicts as columns if the texts are a column, else as a list."""
    if _is(texts, "pandas", "Series"):
        return sys.modules["pandas"].DataFrame(_columns(verdicts), index=texts.index)
    if _is(texts, "polars", "Series"):
        polars = sys.modules["polars"]
        return polars.DataFrame(_columns(verdicts), schema=dict(zip(COLUMNS, (polars.Float64, polars.String, polars.String, polars.String))))
    if _is(texts, "pyarrow", "Array", "ChunkedArray"):
        pyarrow = sys.modules["pyarrow"]
        types = (pyarrow.float64(), pyarrow.string(), pyarrow.string(), pyarrow.string())
        return pyarrow.table(_columns(verdicts), schema=pyarrow.schema(list(zip(COLUMNS, types))))
    return verdicts


def _columns(verdicts: Sequence[Verdict]) -> Dict[str, List[Any]]:
    return {name: [getattr(v, name) for v in verdicts] for name in COLUMNS}
