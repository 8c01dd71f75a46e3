"""What a check has found."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """One line of what `bitscape doctor` tells.

    Attributes:
        subject: what was looked at.
        state: `ok`; `note`, which stops nothing; `problem`, with which something will fail.
        told: what was found.
        mend: what to do about it; empty where nothing is.
    """

    subject: str
    state: Literal["ok", "note", "problem"]
    told: str
    mend: str = ""
