"""Settings of `evaluate` and `compare`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import EmptyQuery, read_name
from bitscape.core.section import Count, Section


def known_metric(name: str) -> str:
    """Check the name of a metric.

    Returns:
        It, as it is written in results.

    Raises:
        ValueError: if there is none, in the words that pydantic puts a sentence around.
    """
    try:
        return read_name(name).name
    except BitscapeError as error:
        told = str(error).removesuffix(".")
        raise ValueError(f"should be the name of a metric: {told[0].lower()}{told[1:]}") from None


Metric = Annotated[str, AfterValidator(known_metric)]
ProtocolName = Literal[
    "unseen-photographs",
    "unseen-landmarks",
    "dsrh",
    "ath",
    "dsah",
    "rvssdh",
    "exchnet",
]
"""Those of `bitscape.retrieval.protocols` but for those that take lists of junk, which no collection has; known here so
that a wrong name stops the pipeline before any work."""


class Evaluate(Section):
    """The metrics on query_test."""

    protocol: ProtocolName = Field(
        "unseen-photographs", description="whose metrics are measured beside the pipeline's own, see docs/metrics.md"
    )
    cutoffs: list[Count] = Field([5, 20], min_length=1, description="k of mAP@k")
    radius: Annotated[int, Field(ge=0)] = Field(2, description="Hamming distance of precision within radius")
    metrics: list[Metric] = Field([], description="further ones by their names, see docs/metrics.md")
    empty_query: EmptyQuery = Field(
        "exclude", description="a query that nothing is relevant to is in no mean | counts zero | is an error"
    )


class Compare(Section):
    """The table and the report."""

    metric: str = Field("map_expected", description="the column that ranks the table")
    queries: Annotated[int, Field(ge=0)] = Field(6, description="queries shown with their top results")
    top: Count = 8
