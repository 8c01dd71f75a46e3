"""The commands that README.md tells a user to type."""

import re

from tests.pipeline.projects import SOURCE


def blocks() -> list[str]:
    """List the shell blocks of README.md, in order."""
    return re.findall(r"```sh\n(.*?)```", (SOURCE / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def block(first: str) -> str:
    """Give the one block that begins with some words."""
    (found,) = (text for text in blocks() if text.startswith(first))
    return found


def inline(first: str) -> str:
    """Give the one command within a sentence that begins with some words."""
    (found,) = re.findall(rf"`({re.escape(first)}[^`]*)`", (SOURCE / "README.md").read_text(encoding="utf-8"))
    return found
