"""Run zeek.ipynb on a log in a folder, and return it with its outputs; as a script, keep them in it.

python notebook.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE / "zeek.ipynb"


def read():
    """Return the notebook as it is kept."""
    return nbformat.read(NOTEBOOK, as_version=4)


def execute():
    """Return the notebook with the outputs that it has for the log of sample.py."""
    notebook = read()
    with tempfile.TemporaryDirectory() as folder:
        with open(Path(folder, "dns.log"), "w") as log:
            subprocess.run([sys.executable, str(HERE / "sample.py")], stdout=log, check=True)
        nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}, record_timing=False).execute()
    return notebook


def texts(notebook):
    """Return what a notebook says in words, cell by cell."""
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for cell in notebook.cells for output in cell.get("outputs", ())]


if __name__ == "__main__":
    done = execute()
    for cell in done.cells:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("text/html", None)  # the table as text is enough, and a tenth of the size
    nbformat.write(done, NOTEBOOK)
