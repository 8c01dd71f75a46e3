from typing import get_args

import numpy as np
import pandas as pd
import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.evaluation import ProtocolName
from bitscape.retrieval.metrics import parse
from bitscape.retrieval.protocols import PROTOCOLS, find_protocol
from bitscape.retrieval.score import score
from bitscape.retrieval.selection import select

TABLE = pd.DataFrame(
    {
        "split": ["train", "train", "database", "database", "query_test", "query_test", "query_test", "query_val"],
        "landmark": ["dom", "gate", "dom", "tower", "dom", "tower", "tower", "gate"],
        "labels": [["old"], ["old", "red"], ["old"], ["new"], ["red", "old"], ["new"], [], ["old"]],
    }
)


def test_the_parameters_know_every_protocol_that_a_collection_can_have():
    assert list(get_args(ProtocolName)) == [name for name, one in PROTOCOLS.items() if one.relevance != "given"]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_metric_of_every_protocol_is_one(name):
    protocol = PROTOCOLS[name]
    assert protocol.metrics
    assert all(parse(metric).ties == "expected" for metric in protocol.metrics)
    assert protocol.told.endswith(".")


def test_unseen_photographs_are_asked_of_all_that_was_trained_on_and_set_aside():
    chosen = select(find_protocol("unseen-photographs"), TABLE)
    assert chosen.database.tolist() == [0, 1, 2, 3]
    assert chosen.queries.tolist() == [4, 5, 6]
    assert [chosen.truth.grades(query).tolist() for query in range(3)] == [[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]]


def test_unseen_landmarks_find_each_other_and_never_themselves():
    chosen = select(find_protocol("unseen-landmarks"), TABLE)
    assert chosen.database.tolist() == [2, 3, 4, 5, 6]
    assert chosen.queries.tolist() == [5, 6]
    assert [chosen.truth.grades(query).tolist() for query in range(2)] == [[0, 1, 0, -1, 1], [0, 1, 0, 1, -1]]
    learned = TABLE.assign(split=TABLE["split"].where(TABLE.index != 3, "train"))
    with pytest.raises(BitscapeError, match=r"none is unseen; set prepare.unseen to landmarks"):
        select(find_protocol("unseen-landmarks"), learned)


def test_one_label_takes_the_place_of_a_landmark_where_there_is_none():
    labelled = TABLE.assign(labels=[[name] for name in TABLE["landmark"]], landmark=None)
    chosen, same = (select(find_protocol("unseen-landmarks"), table) for table in (TABLE, labelled))
    assert chosen.queries.tolist() == same.queries.tolist()
    assert (chosen.truth.relevance != same.truth.relevance).nnz == 0
    with pytest.raises(BitscapeError, match="unseen-landmarks needs landmark"):  # several labels are none
        select(find_protocol("unseen-landmarks"), TABLE.assign(landmark=None))


def test_dsrh_grades_by_shared_labels_of_the_training_photographs():
    chosen = select(find_protocol("dsrh"), TABLE)
    assert chosen.database.tolist() == [0, 1]
    assert np.array([chosen.truth.grades(query) for query in range(3)]).tolist() == [[1, 2], [0, 0], [0, 0]]


def test_what_a_protocol_lacks_is_told():
    bare = TABLE.assign(landmark=None, labels=[[]] * len(TABLE))
    with pytest.raises(BitscapeError, match="unseen-photographs needs landmark or labels"):
        select(find_protocol("unseen-photographs"), bare)
    with pytest.raises(BitscapeError, match=r"dsrh needs labels, and no photograph .*; fill that column"):
        select(find_protocol("dsrh"), TABLE.assign(labels=[[]] * len(TABLE)))
    with pytest.raises(BitscapeError, match=r"takes lists of relevant photographs and junk.*--protocol revisited-hard"):
        select(find_protocol("revisited-hard"), TABLE)
    with pytest.raises(BitscapeError, match="There is no protocol 'oxford'; there are unseen-photographs"):
        find_protocol("oxford")


def test_codes_of_a_collection_are_scored_under_a_protocol():
    # Of powers of two no two have the same difference from a third.
    codes = np.packbits(np.arange(128) < 2 ** np.arange(len(TABLE))[:, None], axis=1)
    protocol = find_protocol("unseen-landmarks")
    chosen = select(protocol, TABLE)
    card = score(codes[chosen.queries], codes[chosen.database], chosen.truth, protocol.metrics, protocol.empty_query)
    assert card.queries == 2
    values = []
    for query in (5, 6):
        others = [item for item in chosen.database if item != query]
        away = np.array([np.unpackbits(codes[query] ^ codes[item]).sum() for item in others])
        hits = (TABLE["landmark"].iloc[others] == "tower").to_numpy()[np.argsort(away)]
        values.append(np.mean(np.arange(1, hits.sum() + 1) / (np.flatnonzero(hits) + 1)))
    assert card.lines[0].mean == pytest.approx(np.mean(values))
