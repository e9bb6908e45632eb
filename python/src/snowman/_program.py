"""Where the program is."""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import Iterator

from ._errors import ProcessError


def find_program() -> str:
    """Return the path of the program that was installed with this package.

    Raises ProcessError if it is nowhere, as after an installer that left it out.
    """
    name = "snowman" + (sysconfig.get_config_var("EXE") or "")
    tried = []
    for folder in _folders():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
        tried.append(folder)
    raise ProcessError(f"there is no program {name!r} in any of {tried}: install the package snowman-ml anew")


def _folders() -> Iterator[str]:
    """Yield where installers put programs: pip install, --target, --prefix, --user."""
    yield sysconfig.get_path("scripts")
    package = os.path.dirname(os.path.abspath(__file__))
    above = os.path.dirname(package)
    yield os.path.join(above, "bin")
    # PREFIX/lib/python3.N/site-packages, or PREFIX/Lib/site-packages
    if os.name == "nt":
        yield os.path.join(os.path.dirname(os.path.dirname(above)), "Scripts")
    else:
        yield os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(above))), "bin")
    yield sysconfig.get_path("scripts", _user_scheme())


def _user_scheme() -> str:
    if sys.version_info >= (3, 10):
        return sysconfig.get_preferred_scheme("user")
    if os.name == "nt":
        return "nt_user"
    if sys.platform == "darwin" and sysconfig.get_config_var("PYTHONFRAMEWORK"):
        return "osx_framework_user"
    return "posix_user"
