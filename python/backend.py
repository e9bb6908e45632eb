"""Build the wheel for pip install ./python (PEP 517). Go 1.26 builds the program in it."""

import os
import subprocess


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Build the wheel for this machine, and return its name."""
    command = ["go", "run", "./deploy/release", "wheel", os.path.abspath(wheel_directory)]
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    printed = subprocess.run(command, cwd=top, check=True, stdout=subprocess.PIPE).stdout.decode()
    return os.path.basename(printed.splitlines()[-1])


def build_sdist(sdist_directory, config_settings=None):
    """Refuse: the program's source is no part of this folder."""
    raise NotImplementedError("snowman-ml has wheels alone")
