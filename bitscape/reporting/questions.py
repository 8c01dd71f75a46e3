"""The queries that the report shows, and what each method found for them."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bitscape.reporting.gallery import choose_queries, top
from bitscape.reporting.page import Answer, Question
from bitscape.reporting.result import Result


def ask(
    results: Sequence[Result],
    methods: Sequence[str],
    photographs: NDArray[np.intp],
    kinds: Sequence[Hashable],
    relevance: csr_array,
    *,
    queries: int,
    count: int,
    seed: int,
) -> list[Question]:
    """Choose queries and search with each method.

    Args:
        results: of one code length, those that were trained.
        methods: their order, which gives each its number.
        photographs: (queries,) indices of the queries in the collection.
        kinds: of each query what it shows, such as its labels.
        relevance: sparse (queries, items) grades; `JUNK` is not shown.
        queries: how many queries are shown.
        count: how many results of each.
        seed: of the random choice.

    Returns:
        The questions in the order in which they are shown; none where nothing was trained.
    """
    if not results:
        return []
    scores = np.array([one.average_precision for one in results], dtype=np.float64)
    questions = []
    chosen = choose_queries(scores, kinds, queries, seed)
    for place, query in enumerate(chosen):
        grades = relevance[[query]].toarray()[0]
        answers = [
            Answer(one, methods.index(one.method), float(score), top(one.queries[query], one.database, grades, count))
            for one, score in zip(results, scores[:, query], strict=True)
        ]
        answers.sort(key=lambda answer: -answer.average_precision)
        # `choose_queries` puts those on which the methods differ most first, half of what was asked for
        questions.append(Question(int(photographs[query]), int((grades > 0).sum()), place < -(-queries // 2), answers))
    return questions
