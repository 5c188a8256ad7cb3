"""The notebooks run from start to end, define nothing of their own, and carry no outputs."""

import ast
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import registry

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ``python3`` kernel that is the running interpreter and imports the package under test."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(Path(registry.__file__).parents[1]))


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["01_import_a_batch", "02_explore_on_a_map", "03_how_good_is_a_map"]


@every_notebook
@pytest.mark.usefixtures("this_python")
def test_runs_without_a_warning(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]


@every_notebook
def test_outputs_are_stripped(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@every_notebook
def test_defines_nothing_and_says_that_its_data_are_synthetic(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert "SYNTHETIC" in cells[0].source
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, defined)]
