"""Run the program: python -m snowman score github.com."""

import os
import subprocess
import sys

from ._errors import SnowmanError
from ._program import find_program


def main() -> int:
    """Run the program with the arguments of this process, in its place where that can be."""
    try:
        program = find_program()
    except SnowmanError as error:
        print(f"snowman: {error}", file=sys.stderr)
        return 1
    if os.name == "nt":  # has no exec that keeps the console
        try:
            return subprocess.call([program, *sys.argv[1:]])
        except KeyboardInterrupt:
            return 1
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
