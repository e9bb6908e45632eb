"""Columns of texts, asked about as they are: no object of Python is made for a text or an answer."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any, List, Optional, Tuple

from ._kinds import COLUMNS, is_a

# A batch has at most so many texts, and of long texts fewer: about as many bytes.
_MOST_TEXTS = 1 << 16
_MOST_BYTES = 1 << 23

_BETWEEN = "\nrow\t"
_NULL = "a text is a str, not NoneType"


class _Column:
    """Texts, as a library holds them. Tables are that library's, with the columns COLUMNS."""

    column: Any

    def __len__(self) -> int:
        return len(self.column)

    def batches(self) -> Any:
        """Yield pieces of the column that are not too large."""
        first = 0
        while first < len(self):
            count = _MOST_TEXTS
            while count > 1 and self.count_bytes(self.column[first : first + count]) > _MOST_BYTES:
                count //= 2
            yield self.column[first : first + count]
            first += count

    def encode(self, batch: Any) -> bytes:
        """Return the requests for a batch."""
        batch = batch.fill_null("")
        joined = self.join(batch)
        if b"\\" in joined or joined.count(b"\n") != len(batch) - 1:
            joined = self.join(self.replace(self.replace(batch, "\\", "\\\\"), "\n", "\\n"))
        return b"".join((_BETWEEN[1:].encode(), joined, b"\n"))

    def count_bytes(self, batch: Any) -> int:
        raise NotImplementedError

    def join(self, batch: Any) -> bytes:
        raise NotImplementedError

    def replace(self, batch: Any, old: str, new: str) -> Any:
        raise NotImplementedError

    def read(self, batch: Any, answers: bytes) -> Any:
        """Return the table that answers to a batch are."""
        raise NotImplementedError

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        """Return the place of the first text that has no score, and why."""
        raise NotImplementedError

    def concat(self, tables: List[Any]) -> Any:
        raise NotImplementedError


class _Arrow(_Column):
    """An Array or ChunkedArray of pyarrow, of large strings."""

    def __init__(self, column: Any) -> None:
        pyarrow: Any = import_module("pyarrow")
        self._pa, self._pc, self._csv = pyarrow, import_module("pyarrow.compute"), import_module("pyarrow.csv")
        self._schema = pyarrow.schema([(name, pyarrow.string() if name != "score" else pyarrow.float64()) for name in COLUMNS])
        self.column = column if isinstance(column, pyarrow.ChunkedArray) else pyarrow.chunked_array([column])
        if self.column.type != pyarrow.large_string():
            self.column = self.column.cast(pyarrow.large_string())

    def count_bytes(self, batch: Any) -> int:
        return int(self._pc.sum(self._pc.binary_length(batch)).as_py() or 0)

    def join(self, batch: Any) -> bytes:
        one = self._pa.concat_arrays(batch.chunks)
        joined = self._pc.binary_join(self._pa.ListArray.from_arrays(self._pa.array([0, len(one)], self._pa.int32()), one), self._pa.scalar(_BETWEEN, one.type))
        return memoryview(joined[0].as_buffer()).tobytes()

    def replace(self, batch: Any, old: str, new: str) -> Any:
        return self._pc.replace_substring(batch, old, new)

    def read(self, batch: Any, answers: bytes) -> Any:
        table = self._csv.read_csv(
            self._pa.py_buffer(answers),
            self._csv.ReadOptions(use_threads=False, column_names=COLUMNS, block_size=len(answers) + 1),
            self._csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            self._csv.ConvertOptions(column_types=self._schema, null_values=[""], strings_can_be_null=True),
        )
        if batch.null_count:
            errors = self._pc.if_else(batch.is_null(), _NULL, table["error"])
            table = table.set_column(COLUMNS.index("error"), self._schema.field("error"), errors)
        return table

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        place = self._pc.index(self._pc.is_nan(table["score"]), True).as_py()
        return None if place < 0 else (place, table["error"][place].as_py())

    def concat(self, tables: List[Any]) -> Any:
        return self._pa.concat_tables(tables) if tables else self._schema.empty_table()


class _Polars(_Column):
    """A Series of polars."""

    def __init__(self, column: Any) -> None:
        polars: Any = sys.modules["polars"]
        self._pl = polars
        self._schema = {name: polars.String if name != "score" else polars.Float64 for name in COLUMNS}
        self.column = column

    def count_bytes(self, batch: Any) -> int:
        return int(batch.str.len_bytes().sum())

    def join(self, batch: Any) -> bytes:
        joined: str = batch.str.join(_BETWEEN).item()
        return joined.encode()

    def replace(self, batch: Any, old: str, new: str) -> Any:
        return batch.str.replace_all(old, new, literal=True)

    def read(self, batch: Any, answers: bytes) -> Any:
        table = self._pl.read_csv(io.BytesIO(answers), has_header=False, separator="\t", quote_char=None, schema=self._schema)
        if batch.null_count():
            table = table.with_columns(error=self._pl.when(batch.is_null()).then(self._pl.lit(_NULL)).otherwise(self._pl.col("error")))
        return table

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        place = table["score"].is_nan().arg_max()
        return (place, table["error"][place]) if place is not None and table["error"][place] is not None else None

    def concat(self, tables: List[Any]) -> Any:
        return self._pl.concat(tables, rechunk=True) if tables else self._pl.DataFrame(schema=self._schema)


def column_of(texts: Any) -> Optional[_Column]:
    """Return texts as a column, or nothing where the texts must be looked at one by one."""
    if is_a(texts, "polars", "Series"):
        return _Polars(texts) if texts.dtype == sys.modules["polars"].String else None
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is None:
        return None
    if is_a(texts, "numpy", "ndarray") or is_a(texts, "pandas", "Series"):
        try:
            texts = pyarrow.array(texts.ravel() if is_a(texts, "numpy", "ndarray") else texts, from_pandas=True)
        except (pyarrow.ArrowException, TypeError, ValueError):  # not all are texts
            return None
    if not is_a(texts, "pyarrow", "Array", "ChunkedArray"):
        return None
    kind = texts.type.value_type if pyarrow.types.is_dictionary(texts.type) else texts.type
    if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
        return None
    return _Arrow(texts)
