"""Executes a notebook from its first cell to its last in the project's .venv: `make notebook`.

    .venv-docs/bin/python notebooks/execute.py NOTEBOOK OUT

The kernel is .venv's Python, so that the notebook sees what a user's terminal sees; Jupyter itself comes from
.venv-docs and is put on the kernel's path. OUT is the notebook with its outputs. A cell that fails ends it with exit
code 1.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
SECONDS = 300  # at most for a cell


def main(source: str, out: str) -> int:
    notebook = nbformat.read(source, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        _install_kernel(Path(folder))
        os.environ["JUPYTER_PATH"] = folder
        # Over a socket file: nobody else on this machine can talk to the kernel.
        manager = AsyncKernelManager(kernel_name="project", transport="ipc")
        client = NotebookClient(notebook, manager, timeout=SECONDS, resources={"metadata": {"path": str(ROOT)}})
        try:
            client.execute()
        except CellExecutionError as error:
            print(error, file=sys.stderr)
            return 1
        finally:
            run_sync(manager.shutdown_kernel)(now=True)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, out)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [text for cell in cells for text in map(_text, cell.outputs) if text.startswith("error: ")]
    for text in failed:  # of a command, whose exit code IPython does not look at
        print(text, file=sys.stderr)
    print(f"{out}: {len(cells)} cells executed")
    return int(bool(failed))


def _install_kernel(folder: Path) -> None:
    tools = next(path for path in sys.path if path.endswith("site-packages"))
    path = os.pathsep.join([str(PYTHON.parent), os.environ["PATH"]])
    spec = {
        "argv": [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "project",
        "language": "python",
        "env": {"PYTHONPATH": tools, "PATH": path},
    }
    home = folder / "kernels" / "project"
    home.mkdir(parents=True)
    (home / "kernel.json").write_text(json.dumps(spec))


def _text(output: dict) -> str:
    return output.get("text", "") if output.output_type == "stream" else ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 3 else "error: expected a notebook and the file to write")
