"""Columns of texts, asked about as they are: no object of Python is made for a text or an answer."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any, Iterable, Iterator, List, Optional, Tuple, Union

from ._kinds import COLUMNS, is_a

# A piece has at most so many texts, and of long texts fewer: about as many bytes.
_FEW = 64  # texts that are not worth a thread
_MOST_TEXTS = 1 << 16
_MOST_BYTES = 1 << 23

_BETWEEN = "\nrow\t"
_NULL = "a text is a str, not NoneType"


class _Column:
    """Texts, as a library holds them. Tables are that library's, with the columns COLUMNS."""

    column: Any

    def __len__(self) -> int:
        return len(self.column)

    def requests(self) -> Union[bytes, Iterable[bytes]]:
        """Return the requests, of many texts piece by piece."""
        return self._encode(self.column) if len(self) <= _FEW else map(self._encode, self._pieces())

    def _pieces(self) -> Iterator[Any]:
        first = 0
        while first < len(self):
            count = _MOST_TEXTS
            while count > 1 and self.count_bytes(self.column[first : first + count]) > _MOST_BYTES:
                count //= 2
            yield self.column[first : first + count]
            first += count

    def _encode(self, texts: Any) -> bytes:
        texts = texts.fill_null("")
        joined = self.join(texts)
        if b"\\" in joined or joined.count(b"\n") != len(texts) - 1:
            joined = self.join(self.replace(self.replace(texts, "\\", "\\\\"), "\n", "\\n"))
        return b"".join((_BETWEEN[1:].encode(), joined, b"\n"))

    def count_bytes(self, texts: Any) -> int:
        raise NotImplementedError

    def join(self, texts: Any) -> bytes:
        """Return texts with _BETWEEN between them."""
        raise NotImplementedError

    def replace(self, texts: Any, old: str, new: str) -> Any:
        raise NotImplementedError

    def read(self, answers: bytes) -> Any:
        """Return answers as a table."""
        raise NotImplementedError

    def concat(self, tables: List[Any]) -> Any:
        """Return the answers to all texts as one table. Why null has no score is said here."""
        raise NotImplementedError

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        """Return the place of the first text that has no score, and why."""
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

    def count_bytes(self, texts: Any) -> int:
        return int(self._pc.sum(self._pc.binary_length(texts)).as_py() or 0)

    def join(self, texts: Any) -> bytes:
        one = self._pa.concat_arrays(texts.chunks)
        joined = self._pc.binary_join(self._pa.ListArray.from_arrays(self._pa.array([0, len(one)], self._pa.int32()), one), self._pa.scalar(_BETWEEN, one.type))
        return memoryview(joined[0].as_buffer()).tobytes()

    def replace(self, texts: Any, old: str, new: str) -> Any:
        return self._pc.replace_substring(texts, old, new)

    def read(self, answers: bytes) -> Any:
        return self._csv.read_csv(
            self._pa.py_buffer(answers),
            self._csv.ReadOptions(use_threads=False, column_names=COLUMNS, block_size=len(answers) + 1),
            self._csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            self._csv.ConvertOptions(column_types=self._schema, null_values=[""], strings_can_be_null=True),
        )

    def concat(self, tables: List[Any]) -> Any:
        table = self._pa.concat_tables(tables).combine_chunks() if tables else self._schema.empty_table()
        if self.column.null_count:
            errors = self._pc.if_else(self.column.is_null().combine_chunks(), _NULL, table["error"])
            table = table.set_column(COLUMNS.index("error"), self._schema.field("error"), errors)
        return table

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        place = self._pc.index(self._pc.is_nan(table["score"]), True).as_py()
        return None if place < 0 else (place, table["error"][place].as_py())


class _Polars(_Column):
    """A Series of polars."""

    def __init__(self, column: Any) -> None:
        polars: Any = sys.modules["polars"]
        self._pl = polars
        self._schema = {name: polars.String if name != "score" else polars.Float64 for name in COLUMNS}
        self.column = column

    def count_bytes(self, texts: Any) -> int:
        return int(texts.str.len_bytes().sum())

    def join(self, texts: Any) -> bytes:
        joined: str = texts.str.join(_BETWEEN).item()
        return joined.encode()

    def replace(self, texts: Any, old: str, new: str) -> Any:
        return texts.str.replace_all(old, new, literal=True)

    def read(self, answers: bytes) -> Any:
        return self._pl.read_csv(io.BytesIO(answers), has_header=False, separator="\t", quote_char=None, schema=self._schema)

    def concat(self, tables: List[Any]) -> Any:
        table = self._pl.concat(tables, rechunk=True) if tables else self._pl.DataFrame(schema=self._schema)
        if self.column.null_count():
            table = table.with_columns(error=self._pl.when(self.column.is_null()).then(self._pl.lit(_NULL)).otherwise(self._pl.col("error")))
        return table

    def first_failure(self, table: Any) -> Optional[Tuple[int, str]]:
        place = table["score"].is_nan().arg_max()
        return (place, table["error"][place]) if place is not None and table["error"][place] is not None else None


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
