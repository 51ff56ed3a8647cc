"""The walls between the packages that import-linter has no contract for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "graphs", "training", "agents", "knowledge", "memory", "trading", "models")


def private_imports(package: str, folder: Path) -> Iterator[str]:
    """Imports from another package's modules, instead of from what it, or a package in it, offers."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            top, *inner = node.module.split(".")
            if top not in PACKAGES or top == package:
                continue
            if not (ROOT / top).joinpath(*inner).is_dir() and inner[-1] != "interfaces":
                yield f"{file.relative_to(folder)}:{node.lineno} {node.module}"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_public_names_of_each_other(package: str):
    assert list(private_imports(package, ROOT / package)) == []


def test_an_import_of_a_module_within_another_package_is_seen(tmp_path: Path):
    (tmp_path / "one.py").write_text(
        "from models import Embedder\nfrom models.interfaces import Vectors\nfrom models.chat import ChatModels\n"
    )
    (tmp_path / "two.py").write_text("def late():\n    from models.errors import ModelsError\n")
    assert list(private_imports("app", tmp_path)) == ["two.py:2 models.errors"]
