import numpy as np
import pytest

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.search import encoding
from bitscape.search import folder as module
from bitscape.search.folder import index_folder
from bitscape.search.index import IndexSettings
from bitscape.search.project import bundle_of, choose
from tests.search.conftest import draw, make_photographs


@pytest.fixture
def photographs(tmp_path):
    make_photographs(tmp_path / "photographs", range(3))
    return tmp_path / "photographs"


@pytest.fixture
def empty(project):
    return bundle_of(project, choose(project, "lsh"), empty=True)


@pytest.fixture
def encoded(monkeypatch):
    """Count the photographs that go through the network."""
    counts = []
    real = encoding.run

    def counting(encoder, block, device):
        counts.append(len(block))
        return real(encoder, block, device)

    monkeypatch.setattr(encoding, "run", counting)
    return counts


def test_all_photographs_are_there_and_others_are_told(empty, photographs, tmp_path):
    (photographs / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (photographs / "notes.txt").write_text("not meant as a picture")
    refused = index_folder(empty, photographs, tmp_path / "state")
    assert list(refused) == ["broken.jpg"]
    assert "not a photograph that can be opened" in refused["broken.jpg"]
    assert empty.images == sorted(empty.images)
    assert len(empty.images) == 12
    outputs = empty.encode([photographs / image for image in empty.images])
    np.testing.assert_allclose(empty.outputs, outputs, atol=1e-5)
    np.testing.assert_array_equal(empty.codes, np.packbits(empty.outputs >= 0, axis=1))


def test_a_run_that_was_stopped_goes_on_where_it_was(empty, photographs, tmp_path, monkeypatch, encoded):
    monkeypatch.setattr(module, "BLOCK", 5)
    real = encoding.run

    def stopping(*arguments):
        if len(encoded) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(encoding, "run", stopping)
    with pytest.raises(KeyboardInterrupt):
        index_folder(empty, photographs, tmp_path / "state")
    assert encoded == [5, 5]
    monkeypatch.setattr(encoding, "run", real)
    index_folder(empty, photographs, tmp_path / "state")
    assert encoded == [5, 5, 2]
    stopped = empty.outputs.copy()
    index_folder(empty, photographs, tmp_path / "another state")
    np.testing.assert_array_equal(empty.outputs, stopped)


def test_what_was_cut_off_with_the_power_is_encoded_again(empty, photographs, tmp_path, monkeypatch, encoded):
    monkeypatch.setattr(module, "BLOCK", 4)
    index_folder(empty, photographs, tmp_path / "state")
    whole = empty.outputs.copy()
    for path, content in zip(sorted((tmp_path / "state").iterdir()), (b"", b"PK rubbish", None), strict=True):
        path.write_bytes(path.read_bytes()[:100] if content is None else content)
    index_folder(empty, photographs, tmp_path / "state")
    assert encoded == [4] * 6
    np.testing.assert_array_equal(empty.outputs, whole)


def test_only_what_is_new_or_changed_is_encoded_again(empty, photographs, tmp_path, encoded):
    index_folder(empty, photographs, tmp_path / "state")
    empty.save(tmp_path / "bundle")
    (photographs / "tower/00.png").unlink()
    draw(0, 70).save(photographs / "harbour/00.png")
    draw(1, 70).save(photographs / "a new one.png")
    encoded.clear()
    again = bitscape.load(tmp_path / "bundle")
    index_folder(again, photographs, tmp_path / "state 2", known=bitscape.load(tmp_path / "bundle"))
    assert encoded == [2]
    assert again.images[0] == "a new one.png"
    assert "tower/00.png" not in again.images
    afresh = bitscape.load(tmp_path / "bundle")
    index_folder(afresh, photographs, tmp_path / "state 3")
    np.testing.assert_allclose(again.outputs, afresh.outputs, atol=1e-5)
    assert (again.images, again.sums) == (afresh.images, afresh.sums)


def test_codes_of_another_model_are_never_taken(project, empty, photographs, tmp_path, encoded):
    other = bundle_of(project, choose(project, "dsah"), empty=True)
    index_folder(other, photographs, tmp_path / "state")
    index_folder(empty, photographs, tmp_path / "state", known=other)
    assert encoded == [12, 12]


def test_folders_without_photographs_are_told(empty, tmp_path):
    with pytest.raises(BitscapeError, match="is missing; give one of photographs"):
        index_folder(empty, tmp_path / "nowhere", tmp_path / "state")
    (tmp_path / "bare").mkdir()
    with pytest.raises(BitscapeError, match="holds no photographs"):
        index_folder(empty, tmp_path / "bare", tmp_path / "state")


def test_what_cannot_be_read_or_is_gone_is_told_and_left_out(empty, photographs, tmp_path, monkeypatch):
    real = module.sha256

    def checksum(path):
        if path.name == "00.png" and path.parent.name == "market":  # root may read whatever is closed
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    def find(*arguments, **options):
        listing = module_find(*arguments, **options)
        (photographs / "tower/01.png").unlink()
        return listing

    module_find = module.find
    monkeypatch.setattr(module, "sha256", checksum)
    monkeypatch.setattr(module, "find", find)
    refused = index_folder(empty, photographs, tmp_path / "state")
    assert refused == {
        "market/00.png": "cannot be read: Permission denied",
        "tower/01.png": "cannot be read: No such file or directory",
    }
    assert len(empty.images) == 10


def test_a_stopped_run_goes_on_where_photographs_were_added_before_the_rest(
    empty, photographs, tmp_path, monkeypatch, encoded
):
    monkeypatch.setattr(module, "BLOCK", 5)
    (photographs / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    index_folder(empty, photographs, tmp_path / "state")
    assert sum(encoded) == 12
    before = dict(zip(empty.images, empty.outputs, strict=True))
    encoded.clear()
    draw(3, 71).save(photographs / "aaa.png")
    (photographs / "harbour/01.png").unlink()
    refused = index_folder(empty, photographs, tmp_path / "state")
    assert encoded == [1]
    assert list(refused) == ["broken.jpg"]
    assert empty.images[0] == "aaa.png"
    for name, outputs in list(zip(empty.images, empty.outputs, strict=True))[1:]:
        np.testing.assert_array_equal(outputs, before[name])


def test_more_lists_than_photographs_are_told_before_anything_is_encoded(empty, photographs, tmp_path, encoded):
    empty.settings = IndexSettings(kind="ivf", lists=13)
    with pytest.raises(BitscapeError, match="13 inverted lists are more than the 12 codes"):
        index_folder(empty, photographs, tmp_path / "state")
    assert encoded == []
    assert not (tmp_path / "state").exists()
