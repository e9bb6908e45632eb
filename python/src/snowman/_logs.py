"""The names in logs."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import tempfile
import threading
from typing import Any, Dict, Iterator, List, Optional, Sequence

from ._errors import ProcessError
from ._types import Source

LOGGER = logging.getLogger("snowman")


def iter_logs(program: str, flags: Sequence[str], source: Source, format: Optional[str]) -> Iterator[Dict[str, Any]]:
    """Yield a dict for each name in a log."""
    command = [program, "score", "-json", "-place", *flags]
    if format is not None:
        command += ["-format", format]
    if hasattr(source, "read"):
        return _lines(command, source)
    path = os.fspath(source)
    # A path that begins with unix: would be a socket, and - is standard input.
    return _lines(command + ["-f", path if os.path.isabs(path) else os.path.join(os.curdir, path)], None)


def _lines(command: List[str], source: Optional[Any]) -> Iterator[Dict[str, Any]]:
    """Run a command that reads a source, and yield the objects that it prints."""
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL if source is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
            )
        except OSError as error:
            raise ProcessError(f"starting {command[0]!r}: {error}") from error
        feeder = _Feeder(source, process.stdin) if source is not None else None
        assert process.stdout is not None
        try:
            for line in process.stdout:
                yield json.loads(line)
            code = process.wait()
        finally:
            process.kill()  # nothing, if it has ended
            process.stdout.close()
            process.wait()
            if feeder is not None:
                feeder.stop()
        if feeder is not None and feeder.error is not None:
            raise feeder.error
        said.seek(0)
        text = said.read()[-4000:].decode(errors="replace").strip()
        if code != 0:
            raise ProcessError(f"reading the log ended with exit code {code}", text, code)
        for remark in text.splitlines():
            LOGGER.log(logging.INFO if " is read as " in remark else logging.WARNING, "%s", remark)


class _Feeder:
    """Copies a file into a pipe, in a thread of its own."""

    def __init__(self, source: Any, pipe: Any) -> None:
        self.error: Optional[BaseException] = None
        self._source, self._pipe = source, pipe
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="snowman-log", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopped:
                block = self._source.read(io.DEFAULT_BUFFER_SIZE * 8)
                if not block:
                    break
                data = block.encode("utf-8", "surrogateescape") if isinstance(block, str) else block
                try:
                    self._pipe.write(data)
                except (OSError, ValueError):
                    return  # the program has ended
        except BaseException as error:  # of the file's read: it is for who asked
            self.error = error
        finally:
            try:
                self._pipe.close()
            except OSError:
                pass

    def stop(self) -> None:
        """Let go of the file. A read that waits for more is not waited for."""
        self._stopped = True
        self._thread.join(1.0)
