"""Texts as requests: a line each, in batches of bounded memory."""

from __future__ import annotations

from itertools import islice
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

# A batch ends with the gulp that reaches one of these.
_MOST_TEXTS = 1 << 16
_MOST_CHARACTERS = 1 << 23
_GULP = 256

# Characters of a longer text that are sent: enough for the program to say that it is too long.
_LONGEST = (1 << 16) + 1


def batches(texts: Iterable[Any]) -> Iterator[List[Any]]:
    """Divide any number of texts into lists."""
    source = iter(texts)
    while True:
        batch: List[Any] = []
        characters = 0
        while len(batch) < _MOST_TEXTS and characters < _MOST_CHARACTERS:
            gulp = list(islice(source, _GULP))
            if not gulp:
                break
            batch += gulp
            try:
                characters += sum(map(len, gulp))
            except TypeError:  # not all are texts
                characters += sum(len(text) for text in gulp if isinstance(text, str))
        if not batch:
            return
        yield batch


def encode(what: str, texts: Sequence[Any]) -> Tuple[bytes, int, Dict[int, str]]:
    """Return requests for texts, how many they are, and why others of the texts have none, by place."""
    try:
        return _requests(what, texts), len(texts), {}
    except (TypeError, UnicodeEncodeError):
        pass
    sendable, failures = [], {}
    for place, text in enumerate(texts):
        reason = _unsendable(text)
        if reason:
            failures[place] = reason
        else:
            sendable.append(text)
    return (_requests(what, sendable) if sendable else b""), len(sendable), failures


def _requests(what: str, texts: Sequence[str]) -> bytes:
    between = "\n" + what + "\t"
    lines = between.join(texts)
    if len(lines) > _LONGEST and max(map(len, texts)) > _LONGEST:
        texts = [text[:_LONGEST] for text in texts]
        lines = between.join(texts)
    if "\\" in lines or lines.count("\n") != len(texts) - 1:
        lines = between.join([text.replace("\\", "\\\\").replace("\n", "\\n") for text in texts])
    return f"{what}\t{lines}\n".encode()


def _unsendable(text: Any) -> str:
    """Return why a text cannot be sent, or nothing."""
    if not isinstance(text, str):
        return f"a text is a str, not {type(text).__name__}"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair, which is no character"
    return ""


def merge(answers: List[Any], failures: Dict[int, Any]) -> List[Any]:
    """Put what failed between the answers to the other texts."""
    if not failures:
        return answers
    rest = iter(answers)
    return [failures[place] if place in failures else next(rest) for place in range(len(answers) + len(failures))]
