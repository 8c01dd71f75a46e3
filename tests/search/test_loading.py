"""Bundles that are damaged where checksums agree."""

import json
import shutil
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import pytest

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.search.index import IndexSettings
from tests.search.test_bundle import seal


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copied"))


@pytest.fixture
def lists(saved: Path, tmp_path: Path) -> Path:
    """Save it with inverted lists."""
    bitscape.load(saved).with_index(IndexSettings(kind="ivf")).save(tmp_path / "lists")
    return tmp_path / "lists"


def npy(header: str) -> bytes:
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, codes=np.zeros((2, 2), np.uint8))


HUGE = "{'descr': '|u1', 'fortran_order': False, 'shape': (999999999999999, 2)}"


@pytest.mark.parametrize("name", ["codes.npy", "outputs.npy", "probe.npy"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(npy("{'descr': '|u1', 'fortran_order'")),
        lambda path: path.write_bytes(npy("((((")),
        lambda path: path.write_bytes(npy(HUGE)),
        archive,
    ],
    ids=["empty", "cut header", "rubbish header", "huge shape", "archive"],
)
def test_an_array_that_cannot_be_read_is_told_with_its_file(copied, name, damage):
    damage(copied / name)
    seal(copied)
    with pytest.raises(BitscapeError, match=rf"copied/{name} cannot be read \(.+\); make the bundle anew"):
        bitscape.load(copied)


@pytest.mark.parametrize("name", ["outputs.npy", "probe.npy"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_told_with_their_file(copied, name, value):
    array = np.load(copied / name)
    array[0, 3] = value
    np.save(copied / name, array)
    seal(copied)
    with pytest.raises(BitscapeError, match=rf"copied/{name} cannot be read \(it holds values that are no numbers\)"):
        bitscape.load(copied)


@pytest.mark.parametrize("name", ["images.parquet", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"PAR1xxxxPAR1", b"x" * 50])
def test_other_files_that_cannot_be_read_are_told(copied, name, content):
    (copied / name).write_bytes(content)
    seal(copied)
    with pytest.raises(BitscapeError, match=f"copied/{name} cannot be read"):
        bitscape.load(copied)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image": "x"}, r"images\.parquet names x twice"),
        ({"image": None}, r"images\.parquet holds None in the place of a name"),
        ({"image": 3}, r"images\.parquet holds 3 in the place of a name"),
        ({"sha256": None}, r"images\.parquet holds None in the place of a name or a checksum"),
    ],
)
def test_names_that_are_none_or_come_twice_are_refused(copied, change, told):
    path = copied / "images.parquet"
    pd.read_parquet(path).assign(**change).to_parquet(path, index=False)
    seal(copied)
    with pytest.raises(BitscapeError, match=told):
        bitscape.load(copied)


def test_a_manifest_without_end_is_told(copied):
    (copied / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(BitscapeError, match=r"manifest\.json cannot be read"):
        bitscape.load(copied)


def drop(folder: Path, name: str) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    content["files"].pop(name, None)
    (folder / "manifest.json").write_text(json.dumps(content))


def test_a_stored_index_and_a_local_backbone_need_a_checksum(lists, copied):
    drop(lists, "index.faiss")
    with pytest.raises(BitscapeError, match=r"has no checksum of index\.faiss"):
        bitscape.load(lists)
    content = json.loads((copied / "manifest.json").read_text())
    content["transform"]["weights"] = "bundle"
    (copied / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BitscapeError, match=r"has no checksum of backbone\.safetensors"):
        bitscape.load(copied)


@pytest.mark.parametrize("number", [10**6, -1, 0])
def test_inverted_lists_hold_every_photograph_once(lists, number):
    index = faiss.read_index_binary(str(lists / "index.faiss"))
    for at in range(index.nlist):
        ids = faiss.rev_swig_ptr(index.invlists.get_ids(at), index.invlists.list_size(at))
        ids[ids == index.ntotal - 1] = number
    codes = np.load(lists / "codes.npy")
    outputs = np.load(lists / "outputs.npy")
    codes[0], outputs[0] = codes[-1], outputs[-1]
    faiss.write_index_binary(index, str(lists / "index.faiss"))
    np.save(lists / "codes.npy", codes)
    np.save(lists / "outputs.npy", outputs)
    seal(lists)
    with pytest.raises(BitscapeError, match=r"index\.faiss is no ivf index of the codes in codes\.npy"):
        bitscape.load(lists)


def test_a_closed_folder_is_told(copied, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("bitscape.search.manifest.sha256", refuse)
    with pytest.raises(BitscapeError, match=r"copied cannot be read \(Permission denied\); mend that"):
        bitscape.load(copied)
