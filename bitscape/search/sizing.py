"""How large an index is for so many codes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from bitscape.search.index import IndexSettings

GROWTH = 4  # codes for each of those that the lists were made for, from which on they are made anew


def description(count: int, bits: int, settings: "IndexSettings") -> str:
    """Say the index of so many codes as FAISS's factory wants it.

    Raises:
        BitscapeError: if it has more lists than there are codes, or tables of more bits than a code has.
    """
    if settings.kind == "ivf":
        lists = settings.lists or max(1, round(count**0.5))
        if lists > max(count, 1):
            raise BitscapeError(f"{lists} inverted lists are more than the {count} codes; ask for fewer lists.")
        return f"BIVF{lists}"
    if settings.kind == "multihash":
        wide = settings.hash_bits or max(1, min(bits // settings.hashes, int(np.log2(max(count, 2)))))
        if settings.hashes * wide > bits:
            raise BitscapeError(
                f"{settings.hashes} tables of {wide} bits are more than the {bits} bits of a code; "
                "ask for fewer hashes or hash_bits."
            )
        return f"BHash{settings.hashes}x{wide}"
    return f"BHNSW{settings.links}" if settings.kind == "hnsw" else "BFlat"


def fitted(settings: "IndexSettings", count: int) -> "IndexSettings":
    """Take no more inverted lists than there are codes, where some were removed."""
    if settings.lists is None or settings.lists <= count:
        return settings
    return settings.model_copy(update={"lists": max(count, 1)})


def outgrown(index: Any, settings: "IndexSettings", count: int) -> bool:
    """Tell whether an index was built for far fewer codes than there will be; None is not built yet."""
    return bool(
        index is not None
        and settings.kind == "ivf"
        and settings.lists is None
        and count >= GROWTH * max(1, index.nlist) ** 2
    )
