"""What mypy --strict must understand; nobody runs it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List

import snowman


class Series:
    """Like that of pandas."""

    dtype: Any


a: float = snowman.score("github.com")
b: List[float] = snowman.score(["github.com"], errors="raise")
c: List[float] = snowman.score(text for text in ["github.com"])
d: Series = snowman.score(Series())
e: snowman.Verdict = snowman.classify("github.com", model="my.safetensors")
f: List[snowman.Verdict] = snowman.classify(("github.com",))
g: Dict[str, Any] = snowman.explain("github.com")
h: Iterator[Dict[str, Any]] = snowman.iter_logs("dns.log", "zeek")
with snowman.Snowman(allow=["ours.txt"]) as own:
    i: Series = own.score(Series())
snowman.score(7)  # type: ignore[call-overload]
snowman.score(["github.com"], errors="ignore")  # type: ignore[call-overload]
