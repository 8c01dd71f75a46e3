"""Ways to search that `benchmarks.search` times: scans, quantisation and graphs over floats, and over codes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.params import load
from bitscape.hamming.average_precision import expected_at
from bitscape.hamming.junk import JUNK
from bitscape.hamming.ranking import Histograms
from bitscape.hamming.ranking import histograms as hamming_histograms
from bitscape.search.index import IndexSettings, build, recall

K = 100
LINKS = 32
Floats = NDArray[np.float32]


@dataclass
class Contender:
    """One way to search.

    Attributes:
        name: what it is.
        bytes: of one photograph in memory, without what all photographs share.
        score: mAP@100 over min(R, 100).
        search: asks with all queries.
        recall: of the 10 nearest against the exact scan of the same vectors, where it is not exact.
        seconds: of each timing, for one query.
        busy: share of each timing that the processor worked for it; 1 on a quiet machine.
    """

    name: str
    bytes: float
    score: float
    search: Callable[[], Any]
    recall: float | None = None
    seconds: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


def average_precision_at(rows: NDArray[np.int64], relevance: NDArray[np.int32]) -> float:
    """Mean AP@K over min(R, K) of ranked rows without ties, (queries, K); row -1 is nothing, `JUNK` takes no rank."""
    grades = np.take_along_axis(relevance, np.maximum(rows, 0), axis=1)
    found = (grades > 0) & (rows >= 0)
    precision = np.cumsum(found, axis=1) / np.maximum(np.cumsum(grades != JUNK, axis=1), 1)
    total = np.minimum((relevance > 0).sum(axis=1), rows.shape[1])
    asked = total > 0
    return float(((precision * found).sum(axis=1)[asked] / total[asked]).mean())


def of_floats(queries: Floats, items: Floats, relevance: NDArray[np.int32]) -> Iterator[Contender]:
    """The exact scan, product quantisation, and HNSW, all by inner product of unit vectors."""
    dimensions = items.shape[1]
    exact = faiss.IndexFlatIP(dimensions)
    exact.add(items)
    truth = exact.search(queries, K)[1]
    yield _floats(f"float scan, {dimensions} dimensions", exact, queries, relevance, 4 * dimensions)
    for parts in (8, 16, 32, 64):
        if len(items) < 256 or dimensions % parts:
            continue
        quantised = faiss.IndexPQ(dimensions, parts, 8, faiss.METRIC_INNER_PRODUCT)
        quantised.pq.cp.min_points_per_centroid = 1  # FAISS else prints a warning about small collections
        quantised.train(items)
        quantised.add(items)
        yield _floats(f"FAISS PQ, {parts} bytes", quantised, queries, relevance, parts, truth)
    graph = faiss.IndexHNSWFlat(dimensions, LINKS, faiss.METRIC_INNER_PRODUCT)
    graph.add(items)
    for beam in (16, 64, 256):
        one = faiss.clone_index(graph)
        one.hnsw.efSearch = beam
        size = 4 * dimensions + 4 * 2 * LINKS  # links of the lowest level; those above add a thirtieth
        yield _floats(f"HNSW on floats, beam {beam}", one, queries, relevance, size, truth)


def _floats(
    name: str, index: Any, queries: Floats, relevance: NDArray[np.int32], size: float, truth: Any = None
) -> Contender:
    rows = index.search(queries, K)[1]
    share = None
    if truth is not None:
        shares = [len(set(a) & set(b)) / 10 for a, b in zip(rows[:, :10].tolist(), truth[:, :10].tolist(), strict=True)]
        share = float(np.mean(shares))
    return Contender(name, size, average_precision_at(rows, relevance), lambda: index.search(queries, K), share)


def of_codes(root: Path, relevance: sparse.csr_array) -> Iterator[Contender]:
    """The Hamming scan of every method and code length, and the other indexes over the last of these codes."""
    params = load(root / "params.yaml")
    name, asked, items = "", None, None
    for method in params.methods:
        for bits in params.bits:
            folder = root / f"artifacts/encode/{method}-{bits}"
            if (folder / "query_test.npy").is_file():
                name = f"{method}, {bits} bits"
                asked, items = (np.load(folder / f"{part}.npy") for part in ("query_test", "database"))
                yield _codes(name, IndexSettings(), asked, items, relevance)
    for kind in ("ivf", "multihash", "hnsw") if name else ():
        settings = IndexSettings.model_validate({"kind": kind})
        yield _codes(f"{name}, {kind}", settings, asked, items, relevance)


def _codes(name: str, settings: IndexSettings, asked: Any, items: Any, relevance: sparse.csr_array) -> Contender:
    index = build(items, settings)
    if settings.kind == "flat":
        counted = hamming_histograms(asked, items, relevance)
        some = counted.relevant.sum(axis=1) > 0
        score, share = float(expected_at(Histograms(*(part[some] for part in counted)), K).mean()), None
    else:
        rows = index.search(asked, K)[1]
        score, share = average_precision_at(rows, relevance.toarray()), recall(index, items, 10)
    size = items.shape[1] + {"flat": 0, "ivf": 8, "multihash": 4 * 8, "hnsw": 4 * 2 * settings.links}[settings.kind]
    return Contender(name, size, score, lambda: index.search(asked, K), share)
