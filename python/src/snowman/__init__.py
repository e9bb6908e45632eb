"""Say how likely names and URLs are to be malicious, from their characters alone.

::

    import snowman

    snowman.score(["github.com", "paypal-login-secure.com"])  # [0.0305..., 0.9999...]
    snowman.classify("qzxkvbtrwj.info").level                 # "medium"

The functions share one process for each model, which starts with the first call and ends with
Python. They may be called from any thread, and after a fork. Nothing is looked up or sent. A
``Snowman`` is a process of your own, with allow lists if you like.
"""

from __future__ import annotations

import os as _os
import threading as _threading
from typing import Any as _Any
from typing import Dict as _Dict
from typing import Iterator as _Iterator
from typing import List as _List
from typing import Optional as _Optional
from typing import overload as _overload

from ._client import Snowman
from ._errors import ProcessError, SnowmanError, TextError
from ._program import find_program
from ._types import C as _C
from ._types import Column as _Column
from ._types import Errors as _Errors
from ._types import Lists as _Lists
from ._types import Path as _Path
from ._types import Source as _Source
from ._verdict import Verdict

__all__ = ["ProcessError", "Snowman", "SnowmanError", "TextError", "Verdict", "classify", "explain", "find_program", "iter_logs", "score"]


@_overload
def score(texts: str, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> float: ...
@_overload
def score(texts: _Lists, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> _List[float]: ...
@_overload
def score(texts: _C, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> _C: ...


def score(texts: _Any, *, errors: _Errors = "nan", model: _Optional[_Path] = None) -> _Any:
    return _of(model).score(texts, errors=errors)


@_overload
def classify(texts: str, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> Verdict: ...
@_overload
def classify(texts: _Lists, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> _List[Verdict]: ...
@_overload
def classify(texts: _Column, *, errors: _Errors = ..., model: _Optional[_Path] = ...) -> _Any: ...


def classify(texts: _Any, *, errors: _Errors = "nan", model: _Optional[_Path] = None) -> _Any:
    return _of(model).classify(texts, errors=errors)


def explain(text: str, *, model: _Optional[_Path] = None) -> _Dict[str, _Any]:
    return _of(model).explain(text)


def iter_logs(source: _Source, format: _Optional[str] = None, *, model: _Optional[_Path] = None) -> _Iterator[_Dict[str, _Any]]:
    """Yield a dict for each name in a log, in its order: what ``snowman score -json -place`` prints.

    It has text, score, level, kind and kinds, the line, and client and time where the log tells.
    The log is a path, or a file that is read in a thread of its own. The format is one of
    ``snowman score -format``; by default it is guessed. A name without a score has ``error``.
    Raises ProcessError, at the end, if not all of the log could be read.
    """
    return _of(model).iter_logs(source, format)


for _name in ("score", "classify", "explain"):
    globals()[_name].__doc__ = getattr(Snowman, _name).__doc__


_shared: _Dict[_Optional[str], Snowman] = {}
_lock = _threading.Lock()


def _of(model: _Optional[_Path]) -> Snowman:
    """Return the Snowman that the functions share for a model."""
    path = None if model is None else _os.path.abspath(model)
    with _lock:
        if path not in _shared:
            _shared[path] = Snowman(model=path)
        return _shared[path]


def _unlock() -> None:
    global _lock
    _lock = _threading.Lock()  # another thread may have held it when this process was forked


if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_unlock)
