"""The house keeps its shape."""

import ast
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).parent.parent
ROOMS = ["schema", "resolvers", "cache", "vendors", "auth", "execution"]


def test_no_installed_distribution_shadows_a_room_of_the_house() -> None:
    for room in ROOMS:
        module = __import__(room)
        assert pathlib.Path(module.__file__ or "").is_relative_to(ROOT), room


def test_every_module_explains_itself_in_its_first_line() -> None:
    files = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    silent = [f for f in files.stdout.split() if not ast.get_docstring(ast.parse((ROOT / f).read_text()))]
    assert silent == []


def test_nobody_imports_the_composition_root_or_the_settings() -> None:
    guilty = []
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                guilty += [f"{file}: {name}" for name in names if name in ("gateway", "config")]
    assert guilty == []


def test_no_lock_names_an_address() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text(), lock
