"""All that is said of a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan
from typing import Any, Dict, Mapping, Optional


@dataclass(frozen=True)
class Verdict:
    """All that Snowman says of one text: what ``snowman score -json`` prints.

    What is not said is None, False or empty. A text without a score has NaN for it, no level and no
    kind, and ``error`` says why.
    """

    text: Any
    """The text as it was given."""
    score: float = nan
    """The probability of malicious where half of all texts are, 0 to 1."""
    level: Optional[str] = None
    """``none``, or how rarely ordinary names score as high: ``low`` 1 in 100, ``medium`` 1 in 1,000, ``high`` 1 in 10,000."""
    kind: Optional[str] = None
    """``dga``, ``phishing`` or ``malware``, the likeliest; ``benign`` where the level is ``none``."""
    kinds: Mapping[str, float] = field(default_factory=dict)
    """The probability of each kind. They add up to 1."""
    imitates: Optional[str] = None
    """The popular name that the host looks like."""
    mentions: Optional[str] = None
    """The popular name that the host has as a part, though it is another's."""
    mixed_script: bool = False
    """A label mixes scripts as no ordinary name does."""
    popular: bool = False
    """The text is a popular name itself."""
    not_public: Optional[str] = None
    """Why the text is no public name, such as ``single label``."""
    user_info: bool = False
    """The URL had user-info, such as a name before an ``@``."""
    unwrapped_from: Optional[str] = None
    """The host of the gateway whose link leads to what was scored."""
    allowed: Optional[Mapping[str, str]] = None
    """The ``entry`` of an allow list that the text is on, and the ``list``."""
    error: Optional[str] = None
    """Why the text has no score."""


def verdict_of(text: Any, members: Dict[str, Any]) -> Verdict:
    """Return the verdict on a text from the members of an answer. Unknown ones are left out."""
    members["text"] = text
    try:
        return Verdict(**members)
    except TypeError:
        return Verdict(**{name: members[name] for name in _NAMES & members.keys()})


_NAMES = frozenset(Verdict.__dataclass_fields__)
