"""Indexes over packed codes by FAISS: the exact scan, and three that look at a part of the codes only."""

from typing import Annotated, Any, Literal, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bitscape.core.errors import BitscapeError
from bitscape.core.one_thread import one_thread
from bitscape.core.section import Section
from bitscape.hamming.codes import Codes, validate
from bitscape.search.sizing import description

Count = Annotated[int, Field(ge=1, le=1_000_000)]
"""FAISS sets memory aside for so many candidates."""
Kind = Literal["flat", "ivf", "multihash", "hnsw"]
STORED = ("ivf", "hnsw")
"""Kinds that take long to build; that of `multihash` does not, and FAISS saves its tables in no fixed order."""
OWN = {
    "flat": (),
    "ivf": ("lists", "probes"),
    "multihash": ("hashes", "hash_bits", "flips"),
    "hnsw": ("links", "construction", "beam"),
}
"""Settings of each kind."""


class IndexSettings(Section):
    """Which index, and how far it looks; each field is of one kind alone.

    The first values of `ivf` and `multihash` depend on the number of codes where they are None.
    """

    kind: Kind = Field("flat", description="flat: exact | ivf | multihash | hnsw")
    lists: Count | None = Field(None, description="ivf: inverted lists; None: the square root of the number of codes")
    probes: Count = Field(8, description="ivf: lists that a query looks at")
    hashes: Count = Field(4, description="multihash: tables")
    hash_bits: Count | None = Field(None, description="multihash: bits of a table; None: log2 of the number of codes")
    flips: Annotated[int, Field(ge=0, le=4)] = Field(1, description="multihash: bits that may differ in a table")
    links: Annotated[int, Field(ge=2, le=512)] = Field(32, description="hnsw: neighbours of a code on each level")
    construction: Count = Field(64, description="hnsw: candidates while it is built")
    beam: Count = Field(64, description="hnsw: candidates of a query")


class Nearest(NamedTuple):
    """What an index finds, by distance and then by row; a place that nothing fills has row -1.

    Attributes:
        distances: (queries, k) int32 Hamming distances.
        rows: (queries, k) int64.
    """

    distances: NDArray[np.int32]
    rows: NDArray[np.int64]


def build(codes: Codes, settings: IndexSettings) -> Any:
    """Build a FAISS index; the same codes and settings give the same index.

    Args:
        codes: (n, bits / 8) uint8.
        settings: of it.

    Returns:
        A FAISS `IndexBinary` that holds the codes in their order.

    Raises:
        BitscapeError: if the tables of a multi-hash index need more bits than a code has.
    """
    codes = np.ascontiguousarray(validate(codes))
    count, bits = len(codes), codes.shape[1] * 8
    with one_thread():
        index: Any = faiss.index_binary_factory(bits, description(count, bits, settings))
        if settings.kind == "ivf":
            index.cp.min_points_per_centroid = 1  # FAISS else prints a warning about small collections
            if count:
                index.train(codes)
        elif settings.kind == "hnsw":
            index.hnsw.efConstruction = settings.construction
        if count:
            index.add(codes)
    return prepare(index, settings)


def prepare(index: Any, settings: IndexSettings) -> Any:
    """Set how far an index looks, which FAISS does not save with every kind."""
    if settings.kind == "ivf":
        index.nprobe = settings.probes
    elif settings.kind == "multihash":
        index.nflip = settings.flips
    elif settings.kind == "hnsw":
        index.hnsw.efSearch = settings.beam
    return index


def held_codes(index: Any, kind: Kind) -> Codes | None:
    """Give the (n, bits / 8) codes that an index of the kind `ivf` or `hnsw` holds; None if it is none, or damaged."""
    if kind == "hnsw" and isinstance(index, faiss.IndexBinaryHNSW):
        storage: Any = faiss.downcast_IndexBinary(index.storage)
        return faiss.vector_to_array(storage.xb).reshape(-1, index.code_size)
    if kind == "ivf" and isinstance(index, faiss.IndexBinaryIVF):
        codes, lists = np.zeros((index.ntotal, index.code_size), np.uint8), index.invlists
        held = np.zeros(index.ntotal, bool)
        for number in range(index.nlist):
            if count := lists.list_size(number):
                rows = faiss.rev_swig_ptr(lists.get_ids(number), count)
                own = faiss.rev_swig_ptr(lists.get_codes(number), count * index.code_size)
                if rows.min() < 0 or rows.max() >= len(codes):
                    return None
                codes[rows], held[rows] = own.reshape(count, -1), True
        return codes if held.all() else None
    return None


def nearest(index: Any, queries: Codes, k: int) -> Nearest:
    """Find the codes nearest to each query.

    The exact index keeps the first rows of those tied at the last distance; the other kinds keep any of them.

    Args:
        index: of `build`.
        queries: (q, bits / 8) uint8.
        k: how many; fewer where the index holds fewer.

    Raises:
        BitscapeError: if the queries have another length.
    """
    queries = np.ascontiguousarray(validate(queries, "The codes of the queries"))
    if queries.shape[1] * 8 != index.d:
        raise BitscapeError(
            f"The queries have {queries.shape[1] * 8} bits and the index {index.d}; encode both with the same model."
        )
    k = min(int(k), index.ntotal)
    if k == 0 or not len(queries):
        return Nearest(np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.int64))
    distances, rows = index.search(queries, k)
    distances[rows < 0] = np.iinfo(np.int32).max
    order = np.lexsort((rows, distances), axis=-1)
    return Nearest(*(np.take_along_axis(values, order, axis=-1) for values in (distances, rows)))


def recall(index: Any, codes: Codes, k: int, sample: int = 1000, seed: int = 0) -> float:
    """Measure how much of the exact answer an index finds, asked with codes of its own.

    Codes tie, so a result counts if it is no further away than the exact k-th; which of the tied rows it is does not
    matter. The row asked with is in neither answer.

    Args:
        index: of `build`.
        codes: (n, bits / 8) uint8, those that it holds.
        k: results of a query.
        sample: how many rows ask.
        seed: of their choice.

    Returns:
        Mean share of k results found, NaN where there is nothing to find.
    """
    k = min(k, len(codes) - 1)
    if k < 1:
        return float("nan")
    asked = np.sort(np.random.default_rng(seed).permutation(len(codes))[:sample])
    limits = nearest(build(codes, IndexSettings()), codes[asked], k + 1).distances[:, -1]
    found = nearest(index, codes[asked], k + 1)
    others = (found.rows >= 0) & (found.rows != asked[:, None]) & (found.distances <= limits[:, None])
    return float(np.minimum(others.sum(axis=1), k).mean() / k)
