"""`bitscape score`: from files of codes to what is measured of them, without any pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitscape.core.errors import BitscapeError

if TYPE_CHECKING:
    from bitscape.retrieval.card import Card
    from bitscape.retrieval.files import Coded
    from bitscape.retrieval.protocol import Protocol
    from bitscape.retrieval.truth import Truth


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
) -> tuple["Card", dict[str, Any]]:
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
    from bitscape.retrieval.files import read_codes
    from bitscape.retrieval.protocols import find_protocol
    from bitscape.retrieval.score import differences, score

    rules = find_protocol(protocol or "unseen-photographs")
    if empty_query not in (None, "exclude", "zero", "error"):
        raise BitscapeError(f"--empty-query {empty_query} is none of exclude, zero and error.")
    policy: Any = empty_query or rules.empty_query
    searched, asking = read_codes(database, bits), read_codes(queries, bits)
    if searched.bits != asking.bits:
        raise BitscapeError(
            f"{queries} has codes of {asking.bits} bits and {database} of {searched.bits}; "
            "encode both with the same model."
        )
    truth = _truth(searched, asking, database_labels, query_labels, relevance, rules)
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


def _same_photographs(path: Path, ours: "Coded", name: Path, bits: int | None) -> "Coded":
    from bitscape.retrieval.files import read_codes

    theirs = read_codes(path, bits)
    if len(theirs.codes) != len(ours.codes):
        raise BitscapeError(
            f"--against: {path} has {len(theirs.codes)} codes and {name} {len(ours.codes)}; give codes of the same "
            "photographs in the same order."
        )
    return theirs


def _truth(
    searched: "Coded",
    asking: "Coded",
    database_labels: Path | None,
    query_labels: Path | None,
    relevance: Path | None,
    rules: "Protocol",
) -> "Truth":
    from bitscape.retrieval.files import read_labels, read_relevance
    from bitscape.retrieval.labelled import of_labels
    from bitscape.retrieval.truth import Grades, of_lists, revisited

    if relevance is None:
        if rules.relevance == "given":
            raise BitscapeError(
                f"The protocol {rules.name} needs --relevance with lists of relevant photographs and junk."
            )
        labels = [
            one.labels if path is None else read_labels(path, len(one.codes))
            for one, path in ((asking, query_labels), (searched, database_labels))
        ]
        if labels[0] is None or labels[1] is None:
            side = "queries" if labels[0] is None else "database"
            raise BitscapeError(
                f"The {side} have no labels; add an array `labels` to the .npz, name a file with --query-labels and "
                "--database-labels, or give --relevance."
            )
        return of_labels(labels[0], labels[1])
    lists = read_relevance(relevance, len(asking.codes), len(searched.codes))
    if "grades" in lists:
        return Grades(lists["grades"])
    setting = rules.name.removeprefix("revisited-")
    if setting in ("easy", "medium", "hard"):
        if "easy" not in lists and "hard" not in lists:
            raise BitscapeError(f"{relevance} has no lists `easy` and `hard`, which {rules.name} asks for.")
        none: list[list[int]] = [[] for _ in lists["junk"]]
        easy, hard = lists.get("easy", none), lists.get("hard", none)
        return revisited(easy, hard, lists["junk"], len(searched.codes), setting)  # type: ignore[arg-type]
    if "relevant" not in lists:
        raise BitscapeError(
            f"{relevance} has no lists `relevant`; with `easy` and `hard` say --protocol revisited-medium."
        )
    return of_lists(lists["relevant"], lists["junk"], len(searched.codes))
