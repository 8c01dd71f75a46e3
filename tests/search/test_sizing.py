"""Indexes of bundles that shrink and grow."""

import pytest

import bitscape
from bitscape.search.index import IndexSettings, build
from bitscape.search.sizing import outgrown


def test_an_index_has_no_more_lists_than_photographs_are_left(bundle, tmp_path):
    count = len(bundle.images)
    bundle = bundle.with_index(IndexSettings(kind="ivf", lists=count, probes=count))
    bundle.remove(bundle.images[:5])
    assert bundle.index.nlist == bundle.settings.lists == count - 5
    bundle.save(tmp_path / "bundle")
    loaded = bitscape.load(tmp_path / "bundle")
    assert loaded.nearest(bundle.codes[:3], 4) == bundle.nearest(bundle.codes[:3], 4)
    loaded.remove(loaded.images)
    assert loaded.nearest(bundle.codes[:3], 4) == [[]] * 3


def test_lists_are_made_anew_where_a_bundle_has_grown(bundle):
    names, outputs, sums = list(bundle.images), bundle.outputs.copy(), list(bundle.sums)
    bundle = bundle.with_index(IndexSettings(kind="ivf"))
    bundle.remove(names[1:])
    assert bundle.index.nlist == 1
    for at in range(1, len(names)):
        bundle.extend(names[at : at + 1], outputs[at : at + 1], sums[at : at + 1])
        assert bundle.index.ntotal == at + 1
    assert bundle.index.nlist >= len(names) ** 0.5 / 2
    assert bundle.images == names


@pytest.mark.parametrize(("kind", "lists", "grows"), [("ivf", None, True), ("ivf", 6, False), ("hnsw", None, False)])
def test_only_lists_that_nobody_asked_for_are_made_anew(bundle, kind, lists, grows):
    settings = IndexSettings(kind=kind, lists=lists)
    index = build(bundle.codes, settings)
    assert [outgrown(index, settings, count) for count in (len(bundle.codes) + 1, 10_000)] == [False, grows]
    assert not outgrown(None, settings, 10_000)
