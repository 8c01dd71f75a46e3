"""What each query should find, of the files that `bitscape score` is given."""

from pathlib import Path

from bitscape.core.errors import BitscapeError
from bitscape.retrieval.files import Coded, read_labels
from bitscape.retrieval.labelled import of_labels
from bitscape.retrieval.protocol import Protocol
from bitscape.retrieval.relevance_files import read_relevance
from bitscape.retrieval.truth import Grades, Truth, of_lists, revisited


def given_truth(
    searched: Coded,
    asking: Coded,
    database_labels: Path | None,
    query_labels: Path | None,
    relevance: Path | None,
    rules: Protocol,
) -> Truth:
    """Read what each query should find: labels of both sides, or relevance that is given.

    Args:
        searched: the codes of the database, with labels where their file has them.
        asking: the codes of the queries.
        database_labels: a file of labels, in the place of those of the codes' file.
        query_labels: the same.
        relevance: a file of grades or lists, in the place of labels.
        rules: the protocol, which can ask for lists.

    Raises:
        BitscapeError: if a side has no labels, the file is not what the protocol asks for, or both are given.
    """
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
    if query_labels or database_labels:
        raise BitscapeError("--relevance takes the place of labels; leave --query-labels and --database-labels out.")
    lists = read_relevance(relevance, len(asking.codes), len(searched.codes))
    setting = rules.name.removeprefix("revisited-")
    if "grades" in lists:
        if setting != rules.name:
            raise BitscapeError(
                f"{relevance} holds grades, in which easy and hard are not told apart; {rules.name} asks for .json "
                "with the lists `easy`, `hard` and `junk`."
            )
        return Grades(lists["grades"])
    if setting != rules.name:
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
