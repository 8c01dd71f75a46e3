"""From files of codes to what is measured of them."""

from pathlib import Path
from typing import Any

import numpy as np

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.card import Card
from bitscape.retrieval.files import Coded, read_codes
from bitscape.retrieval.protocols import find_protocol
from bitscape.retrieval.score import differences, score
from bitscape.scoring.given_truth import given_truth


def score_files(
    database: Path,
    queries: Path,
    *,
    database_labels: Path | None,
    query_labels: Path | None,
    relevance: Path | None,
    protocol: str | None,
    metrics: list[str],
    empty_query: str | None,
    bits: int | None = None,
    against: tuple[Path, Path] | None = None,
) -> tuple[Card, dict[str, Any]]:
    """Read what `bitscape score` is given and measure it.

    Args:
        database: codes, `.npy` or `.npz`.
        queries: the same.
        database_labels: where the file of codes has none.
        query_labels: the same.
        relevance: in the place of labels.
        protocol: name of one; None for this project's own metrics.
        metrics: names of metrics, in the place of the protocol's.
        empty_query: in the place of the protocol's.
        bits: code length, of packed codes that are no whole bytes.
        against: codes of the same photographs by another method, database and queries.

    Returns:
        The measures, and what was measured under which rules, for the JSON file.

    Raises:
        BitscapeError: if something does not fit together.
    """
    rules = find_protocol(protocol or "unseen-photographs")
    if empty_query not in (None, "exclude", "zero", "error"):
        raise BitscapeError(f"--empty-query {empty_query} is none of exclude, zero and error.")
    policy: Any = empty_query or rules.empty_query
    searched, asking = read_codes(database, bits), read_codes(queries, bits)
    if searched.bits != asking.bits:
        raise BitscapeError(
            f"{queries} has codes of {asking.bits} bits and {database} of {searched.bits}; encode both with the same "
            "model, and of packed bytes, which can be all 0 and 1 by chance, say how long they are with --bits."
        )
    truth = given_truth(searched, asking, database_labels, query_labels, relevance, rules)
    names = metrics or list(rules.metrics)
    card = score(asking.codes, searched.codes, truth, names, policy, searched.bits)
    told = {
        "protocol": protocol or "none",
        "empty_query": policy,
        "bits": searched.bits,
        "database": len(searched.codes),
    }
    told |= card.to_json()
    if against:
        pairs = ((against[0], searched, database), (against[1], asking, queries))
        other = [_same_photographs(*pair, bits) for pair in pairs]
        theirs = score(other[1].codes, other[0].codes, truth, names, policy, other[0].bits)
        told["against"] = {name: one._asdict() for name, one in differences(card, theirs).items()}
    return card, told


def _same_photographs(path: Path, ours: Coded, name: Path, bits: int | None) -> Coded:
    theirs = read_codes(path, bits)
    if len(theirs.codes) != len(ours.codes):
        raise BitscapeError(
            f"--against: {path} has {len(theirs.codes)} codes and {name} {len(ours.codes)}; give codes of the same "
            "photographs in the same order."
        )
    if theirs.labels is not None and ours.labels is not None and not np.array_equal(theirs.labels, ours.labels):
        raise BitscapeError(
            f"--against: {path} and {name} have other labels, or the same in another order; give codes of the same "
            "photographs in the same order."
        )
    return theirs
