"""The program as a process that answers questions through a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import weakref
from typing import IO, Any, Callable, Dict, Iterable, List, Optional, Sequence, Union

from ._errors import ProcessError

# A request of at most this many bytes is written before answers are read. The smallest pipe, that
# of Windows, holds it, so writing does not wait for the program, which may be waiting for a reader.
_FITS_A_PIPE = 4096
_READ = 1 << 16
_PATIENCE = 5.0  # seconds that a process has to end by itself
_SAID = 4000  # bytes of standard error that an error shows


class Process:
    """One running program. It belongs to one thread at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # unlike a pipe, it never fills up
        try:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                bufsize=0,
                **_apart(),
            )
        except OSError as error:
            self._stderr.close()
            raise ProcessError(f"starting {command[0]!r}: {error}") from error
        assert self._popen.stdin is not None and self._popen.stdout is not None
        self._requests, self._answers = self._popen.stdin, self._popen.stdout
        self._end = weakref.finalize(self, _end, self._popen, self._stderr)  # also when Python ends

    def has_ended(self) -> bool:
        """Tell whether the program has ended by itself."""
        return self._popen.poll() is not None

    def exchange(self, requests: Union[bytes, Iterable[bytes]], count: int, take: Callable[[bytes], Any]) -> None:
        """Write requests, and call take with whole lines of the answers until there are count of them.

        Requests that are an iterable are made in another thread, while the first are answered.
        Whatever goes wrong, the program is ended.
        """
        writer = None
        failed: List[Exception] = []
        try:
            if isinstance(requests, bytes) and len(requests) <= _FITS_A_PIPE:
                self._write([requests], failed)
            else:
                pieces = [requests] if isinstance(requests, bytes) else requests
                writer = threading.Thread(target=self._write, args=(pieces, failed), name="snowman", daemon=True)
                writer.start()
            self._read(count, take)
        except BaseException as error:
            self._popen.kill()  # which ends the writer
            if writer is not None and writer.ident is not None:
                writer.join()
            self.close()
            if failed and isinstance(error, ProcessError):
                raise failed[0] from None
            raise
        if writer is not None:
            writer.join()

    def _write(self, requests: Iterable[bytes], failed: List[Exception]) -> None:
        try:
            for piece in requests:
                rest = memoryview(piece)
                while rest:
                    rest = rest[self._requests.write(rest) :]
        except OSError:
            pass  # the program has ended, which whoever reads finds out
        except Exception as error:  # of what makes the requests
            failed.append(error)
            self._popen.kill()  # nobody must wait for more answers

    def _read(self, count: int, take: Callable[[bytes], Any]) -> None:
        descriptor, rest = self._answers.fileno(), []
        while count > 0:
            block = os.read(descriptor, _READ)
            if not block:
                raise self._died()
            end = block.rfind(b"\n") + 1
            if end == 0:
                rest.append(block)  # of a long line
                continue
            lines = b"".join([*rest, block[:end]])
            rest = [block[end:]]
            count -= lines.count(b"\n")
            take(lines)
        if count < 0 or rest != [b""] and count == 0:
            raise ProcessError("the program gave more answers than it was asked for")

    def _died(self) -> ProcessError:
        try:
            code: Optional[int] = self._popen.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - _SAID))
        said = self._stderr.read().decode(errors="replace").strip()
        if code is None:
            return ProcessError("the program closed its output", said)
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return ProcessError(f"the program ended {how}", said, code)

    def close(self) -> None:
        """End the program, and wait for its end."""
        self._end()

    def forget(self) -> None:
        """Let go of the program, which is that of the process that this one was forked from."""
        self._end.detach()
        self._popen.returncode = 0  # it is no child of this process
        for stream in (self._requests, self._answers, self._stderr):
            try:
                stream.close()
            except OSError:
                pass


def _apart() -> Dict[str, Any]:
    """Return what keeps Ctrl-C, which is meant for Python, from the program."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _end(popen: "subprocess.Popen[bytes]", stderr: IO[bytes]) -> None:
    """End a program: it ends by itself when its input does."""
    for stream in (popen.stdin, popen.stdout):
        try:
            if stream is not None:
                stream.close()
        except OSError:
            pass
    try:
        popen.wait(_PATIENCE)
    except subprocess.TimeoutExpired:  # a fork of this process may hold its input open
        popen.kill()
        popen.wait()
    stderr.close()
