"""What goes wrong."""

from __future__ import annotations

from typing import Optional


class SnowmanError(Exception):
    """What all errors of this package are."""


class TextError(SnowmanError, ValueError):
    """A text has no score, and ``errors="raise"`` was given.

    ``index`` is its place among the texts, from 0, and ``reason`` says what is wrong with it.
    """

    def __init__(self, text: object, index: int, reason: str) -> None:
        super().__init__(text, index, reason)
        self.text = text
        self.index = index
        self.reason = reason

    def __str__(self) -> str:
        shown = repr(self.text[:80] if isinstance(self.text, str) else self.text)
        return f"text {self.index}, {shown[:100]}: {self.reason}"


class ProcessError(SnowmanError):
    """The program cannot be started, or has ended while it was asked.

    ``stderr`` is the end of what it said, ``returncode`` its exit code, below 0 the signal that
    ended it, and None if it was never started. The next call starts it again.
    """

    def __init__(self, message: str, stderr: str = "", returncode: Optional[int] = None) -> None:
        super().__init__(message, stderr, returncode)
        self.message = message
        self.stderr = stderr
        self.returncode = returncode

    def __str__(self) -> str:
        return f"{self.message}: {self.stderr}" if self.stderr else self.message
