"""Types of arguments. Columns are told by what they have, so that no library is needed to check types."""

from __future__ import annotations

import os
from typing import IO, AbstractSet, Any, Iterator, List, Literal, Protocol, Tuple, TypeVar, Union

Errors = Literal["nan", "raise"]
Path = Union[str, "os.PathLike[str]"]
Source = Union[str, "os.PathLike[str]", IO[bytes], IO[str]]
Lists = Union[List[Any], Tuple[Any, ...], AbstractSet[Any], Iterator[Any]]


class _Typed(Protocol):
    """An array of numpy, a Series of pandas or polars."""

    @property
    def dtype(self) -> Any: ...


class _Arrow(Protocol):
    """An Array or ChunkedArray of pyarrow."""

    @property
    def type(self) -> Any: ...


Column = Union[_Typed, _Arrow]
C = TypeVar("C", bound=Column)
