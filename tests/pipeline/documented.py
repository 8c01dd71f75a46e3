"""What docs/data-formats.md says of the tables and matrices of the stages, taken from its text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.pipeline.projects import SOURCE

TYPE = r"(u?int\d+|float\d+|bool|list of string|string)"
TYPED = re.compile(rf"((?:`\w+`, )*`\w+`) (?:(\([^)]*\)) )?{TYPE}\b")
FILES = re.compile(r"^(?:\| )?((?:`[\w./]+`, )*`[\w./]+`)(?: \||, \(|:)", re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """A file that the page describes.

    Attributes:
        folder: below the project, such as `artifacts/train/METHOD-BITS`.
        name: in the folder, such as `pictures/K.npz`.
        text: what is said of it.
    """

    folder: str
    name: str
    text: str

    def fields(self) -> list[tuple[str, str | None, str]]:
        """List what has a name: name, shape if told, and type, in the order of the text."""
        found = TYPED.findall(self.text)
        return [(name, shape or None, kind) for names, shape, kind in found for name in re.findall(r"\w+", names)]

    def array(self) -> tuple[int, str]:
        """Tell the number of dimensions and the type of a file that is one array or matrix."""
        shape, kind = re.search(rf"\(([^)]*)\) {TYPE}\b", self.text).groups()
        return shape.count(",") + (not shape.endswith(",")), kind


def sections() -> dict[str, str]:
    """Give the text of each folder of `artifacts/`."""
    page = (SOURCE / "docs/data-formats.md").read_text(encoding="utf-8")
    parts = re.split(r"^## `(.+?)/`.*$", page, flags=re.MULTILINE)
    return {folder: text for folder, text in zip(parts[1::2], parts[2::2], strict=True) if "artifacts/" in folder}


def tables() -> Iterator[Table]:
    """List the files that are described; the table of `collection.parquet` has a row for each column."""
    for folder, text in sections().items():
        columns = re.findall(rf"^\| ((?:`\w+`, )*`\w+`) \| {TYPE}", text, re.MULTILINE)
        if columns:
            name = re.search(r"^`(\w+\.parquet)`", text, re.MULTILINE)[1]
            yield Table(folder, name, ", ".join(map(" ".join, columns)))
        starts = [match for match in FILES.finditer(text) if "." in match[1]]
        for match in starts:
            end = text.find("\n" if match[0].startswith("|") else "\n\n", match.end())
            yield from (Table(folder, name, text[match.end() : end]) for name in re.findall(r"[\w./]+", match[1]))
