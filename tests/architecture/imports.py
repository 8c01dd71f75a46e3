"""What a module imports of this project, read from its syntax tree."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = ("bitscape", "tasks", "flows")


def module_name(path: Path) -> str:
    """Name the module of a file below the root."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_file(name: str) -> Path | None:
    """Find the file of a module of this project, or None where the name is no module."""
    base = ROOT.joinpath(*name.split("."))
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    file = base.with_suffix(".py")
    return file if file.is_file() else None


@cache
def imported_names(path: Path) -> frozenset[str]:
    """List all that a file imports, anywhere in it, except for type checking only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            typing_only.update(inner for statement in node.body for inner in ast.walk(statement))
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def own_imports(path: Path) -> set[Path]:
    """List the files of this project that a file imports, and the packages above them."""
    files = set()
    for name in imported_names(path):
        if name.split(".")[0] in OWN:
            parts = name.split(".")
            prefixes = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
            files.update(file for file in map(module_file, prefixes) if file)
    return files


def closure(starts: list[Path]) -> set[Path]:
    """Follow the imports of this project from some files to all that they reach."""
    reached: set[Path] = set()
    ahead = list(starts)
    while ahead:
        file = ahead.pop()
        if file not in reached:
            reached.add(file)
            ahead.extend(own_imports(file))
    return reached


def does_something(file: Path) -> bool:
    """Tell packages that hold a docstring, a version and names given on demand alone from those with code."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return file.name != "__init__.py" or any(not _idle(node) for node in body)


def _idle(node: ast.stmt) -> bool:
    """Tell what does nothing when a stage imports the package; `__getattr__` is called for names that are not there."""
    typing = isinstance(node, ast.ImportFrom) and node.module == "typing"
    typing = typing or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    on_demand = isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
    return typing or on_demand or isinstance(node, ast.Expr | ast.Assign)


def stage_code(stage: str, method: str | None) -> list[str]:
    """List the code that a stage runs, as sorted paths below the root."""
    starts = [ROOT / "tasks" / f"{stage}.py"]
    if stage in ("train", "encode") and method:
        starts.append(ROOT / "bitscape/methods" / f"{method}.py")  # imported by name
    if stage == "reconstruct":
        starts.append(ROOT / "bitscape/geometry/cleaning.py")  # run as a child process
    return sorted(str(file.relative_to(ROOT)) for file in closure(starts) if does_something(file))
