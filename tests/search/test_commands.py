import re
import shutil

import numpy as np
import pytest

import bitscape
from tests.search.conftest import call, draw, make_photographs


@pytest.fixture
def photo(tmp_path):
    draw(1, 40).save(tmp_path / "query.png")
    return tmp_path / "query.png"


@pytest.fixture(scope="module")
def indexed(project):
    assert call("index", "--method", "lsh", "--project", project)[0] == 0
    assert call("index", "--method", "dsah", "--project", project)[0] == 0
    return project


def test_index_and_query_by_method(indexed, photo):
    status, told = call("query", photo, "--method", "dsah", "--top", 3, "--project", indexed)
    assert status == 0
    bundle = bitscape.load(indexed / "bundles/dsah-16")
    assert f"dsah at 16 bits, {len(bundle.images)} photographs" in told
    hits = bundle.search(photo, top=3)[0]
    for hit in hits:
        assert hit.image in told


def test_a_damaged_bundle_stops_its_own_queries_alone(indexed, photo, tmp_path):
    shutil.copytree(indexed / "bundles", tmp_path / "bundles")
    (tmp_path / "bundles/lsh-16/codes.npy").write_bytes(b"half")
    assert call("query", photo, "--method", "dsah", "--project", tmp_path)[0] == 0
    status, told = call("query", photo, "--method", "lsh", "--project", tmp_path)
    assert status == 1
    assert "is not the file that the bundle was saved with" in " ".join(told.split())


def test_a_bundle_that_cannot_be_read_stops_no_other(indexed, photo, tmp_path):
    shutil.copytree(indexed / "bundles", tmp_path / "bundles")
    (tmp_path / "bundles/broken").mkdir()
    (tmp_path / "bundles/broken/manifest.json").write_text("{}")
    for options in ((), ("--method", "lsh")):
        status, told = call("query", photo, *options, "--project", tmp_path)
        assert status == 0
        assert "Not considered: " in told
        assert "broken/manifest.json: " in told
    shutil.rmtree(tmp_path / "bundles/lsh-16")
    status, told = call("query", photo, "--method", "lsh", "--project", tmp_path)
    assert status == 1
    assert "has no such bundle; make one with `bitscape index --method lsh`." in told


def test_no_photograph_and_no_file_of_the_bundle_is_replaced(indexed, photo):
    bundle = bitscape.load(indexed / "bundles/lsh-16")
    inputs = [bundle.photographs / bundle.images[-1], indexed / "bundles/lsh-16/codes.npy"]
    before = [path.read_bytes() for path in inputs]
    for path in inputs:
        for command in (("query", photo, "--out", path), ("export", path)):
            status, told = call(*command, "--method", "lsh", "--project", indexed)
            assert status == 1
            assert f"{path} is a photograph or another input, and would be replaced; name another file." in told
    assert [path.read_bytes() for path in inputs] == before


def test_names_with_square_brackets_are_shown_as_they_are(saved, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    names = ["[red]photo.png", "a[/b].png", "[bold] a.png"]
    (tmp_path / "[holiday]/a[").mkdir(parents=True)
    for view, name in enumerate(names):
        path = tmp_path / "[holiday]" / name
        path.parent.mkdir(exist_ok=True)
        draw(1, view).save(path)
    out = tmp_path / "[my] bundle"
    assert call("index", tmp_path / "[holiday]", "--like", saved, "--out", out)[0] == 0
    status, told = call("query", tmp_path / "[holiday]" / names[0], "--bundle", out)
    assert status == 0
    assert [name for name in names if name not in told] == []
    assert "[my] bundle" in told


def test_a_bundle_is_made_anew_where_one_stands(saved, tmp_path, monkeypatch):
    make_photographs(tmp_path / "holiday", range(1))
    out = tmp_path / "bundle"
    assert call("index", tmp_path / "holiday", "--like", saved, "--out", out)[0] == 0
    draw(0, 88).save(tmp_path / "holiday/new.png")
    monkeypatch.chdir(out)
    assert call("index", "../holiday", "--like", ".", "--out", ".")[0] == 0
    assert "new.png" in bitscape.load(out).images
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "holiday"]


def test_without_a_method_the_best_on_query_val_is_asked(indexed, photo):
    scores = {name: bitscape.load(indexed / f"bundles/{name}-16").model.score for name in ("lsh", "dsah")}
    status, told = call("query", photo, "--project", indexed)
    assert status == 0
    assert f"{max(scores, key=lambda name: scores[name])} at 16 bits" in told


def test_the_contact_sheet_is_one_file_with_all_pictures_and_equal_each_time(indexed, photo, tmp_path):
    pages = []
    for name in ("first.html", "second.html"):
        assert call("query", photo, "--top", 5, "--out", tmp_path / name, "--project", indexed)[0] == 0
        pages.append((tmp_path / name).read_text())
    assert pages[0] == pages[1]
    assert pages[0].count("data:image/webp;base64,") == 6
    assert not re.search(r"(src|href)=\"(?!data:)", pages[0])
    assert str(tmp_path) not in pages[0]


def test_names_of_files_cannot_write_into_the_page(project, tmp_path):
    folder = tmp_path / "photographs"
    make_photographs(folder / "<script>alert(1)<", range(1))
    out = tmp_path / "bundle"
    assert call("index", folder, "--method", "lsh", "--project", project, "--out", out)[0] == 0
    query = sorted(folder.rglob("*.png"))[0]
    assert call("query", query, "--bundle", out, "--out", tmp_path / "sheet.html")[0] == 0
    page = (tmp_path / "sheet.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_any_folder_needs_no_project_where_a_bundle_has_the_model(saved, photo, tmp_path):
    make_photographs(tmp_path / "holiday", range(2))
    (tmp_path / "holiday/broken.jpg").write_bytes(b"\xff\xd8\xff")
    out = tmp_path / "holiday bundle"
    status, told = call("index", tmp_path / "holiday", "--like", saved, "--out", out, "--index", "hnsw")
    assert status == 0
    assert "Left out: broken.jpg" in told
    assert "8 photographs, dsah at 16 bits" in told
    assert "Recall of the 10 nearest against the exact scan: 1.000" in told
    assert not list(tmp_path.glob(".*resume"))
    loaded = bitscape.load(out)
    assert loaded.settings.kind == "hnsw"
    np.testing.assert_allclose(
        loaded.outputs, bitscape.load(saved).encode([tmp_path / "holiday" / name for name in loaded.images]), atol=1e-5
    )
    assert call("query", photo, "--bundle", out, "--top", 2)[0] == 0


def test_the_bundle_of_another_folder_does_not_come_before_the_projects_own(indexed, photo, tmp_path):
    shutil.copytree(indexed / "bundles/dsah-16", tmp_path / "bundles/dsah-16")
    shutil.copytree(indexed / "bundles/dsah-16", tmp_path / "bundles/a holiday")
    status, told = call("query", photo, "--project", tmp_path)
    assert status == 0
    assert "a holiday" not in told
    assert "bundles/dsah-16" in told.replace(" ", "")


def test_a_folder_that_is_no_bundle_is_told_before_anything_is_encoded(saved, tmp_path):
    make_photographs(tmp_path / "holiday", range(1))
    before = sorted(tmp_path.rglob("*"))
    status, told = call("index", tmp_path / "holiday", "--like", saved, "--out", tmp_path / "holiday")
    assert status == 1
    assert "is in the way and no bundle (it holds harbour); name another folder." in told
    assert sorted(tmp_path.rglob("*")) == before


def test_folders_of_one_name_do_not_take_each_others_bundle(saved, tmp_path):
    for home in ("one", "other"):
        make_photographs(tmp_path / home / "holiday", range(1))
    project = tmp_path / "project"
    assert call("index", tmp_path / "one/holiday", "--like", saved, "--project", project)[0] == 0
    status, told = call("index", tmp_path / "other/holiday", "--like", saved, "--project", project)
    assert status == 1
    assert re.search(
        r"holiday is of \S+/one/holiday, and not of \S+/other/holiday; name another place with --out", told
    )
    assert call("index", tmp_path / "one/holiday", "--like", saved, "--project", project)[0] == 0
    out = project / "elsewhere"
    assert call("index", tmp_path / "other/holiday", "--like", saved, "--out", out)[0] == 0


def test_a_damaged_bundle_of_a_folder_is_replaced(saved, tmp_path):
    make_photographs(tmp_path / "holiday", range(1))
    arguments = ("index", tmp_path / "holiday", "--like", saved, "--out", tmp_path / "bundle")
    assert call(*arguments)[0] == 0
    (tmp_path / "bundle/codes.npy").write_bytes(b"half")
    status, told = call(*arguments)
    assert status == 0
    assert "Nothing is taken from the bundle that is there: " in told
    assert "codes.npy is not the file that the bundle was saved with" in told
    assert len(bitscape.load(tmp_path / "bundle").images) == 4
    assert "Nothing is taken" not in call(*arguments)[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["query", "PHOTO", "--project", "EMPTY"], "has no such bundle; make one with `bitscape index`."),
        (["query", "PHOTO", "--method", "itq", "--project", "EMPTY"], "`bitscape index --method itq`."),
        (["query", "PHOTO", "--bundle", "EMPTY"], "is no bundle"),
        (["query", "NOTE", "--bundle", "SAVED"], "note.jpg is not a photograph that can be opened"),
        (["query", "PHOTO", "--bundle", "SAVED", "--method", "lsh"], "is of --method dsah, not lsh"),
        (["query", "PHOTO", "--bundle", "SAVED", "--rerank", "magic"], "by outputs or geometry"),
        (["index", "--project", "EMPTY"], "has no trained method; run `dvc repro`"),
        (["index", "--like", "SAVED"], "say also which FOLDER"),
        (["index", "EMPTY", "--like", "SAVED", "--index", "tree"], "The index's kind:"),
        (["index", "EMPTY", "--like", "SAVED", "--set", "probes"], "say NAME=VALUE"),
        (["index", "EMPTY", "--like", "SAVED", "--set", "sieve=3"], "The index's sieve:"),
        (["index", "EMPTY", "--like", "SAVED", "--set", "probes=0"], "The index's probes:"),
        (["index", "EMPTY", "--like", "SAVED", "--out", "OUT"], "holds no photographs"),
        (["index", "EMPTY", "--like", "SAVED", "--set", "probes=3"], "--set probes is of another index than flat"),
        (["index", "EMPTY", "--like", "SAVED", "--index", "hnsw", "--set", "beam=99999999999"], "The index's beam:"),
        (["index", "EMPTY", "--like", "SAVED", "--method", "lsh"], "dsah-16 is of --method dsah, not lsh; leave"),
        (["index", "EMPTY", "--like", "SAVED", "--bits", "64"], "is of --bits 16, not 64; leave --bits or --like out."),
        (["index", "EMPTY", "--like", "SAVED", "--out", "NOTE"], "note.jpg is in the way and no bundle"),
        (["index", "EMPTY", "--like", "SAVED", "--out", "BELOW"], "note.jpg/x cannot be written (Not a directory)"),
        (["query", "PHOTO", "--bundle", "SAVED", "--depth", "5"], "--depth 5 is how many results --rerank looks at"),
        (["query", "PHOTO", "--bundle", "SAVED", "--out", "BELOW"], "note.jpg/x cannot be written (Not a directory)"),
        (["query", "PHOTO", "--bundle", "SAVED", "--out", "EMPTY"], "empty is a folder, and a file is to be written"),
        (["query", "PHOTO", "--bundle", "SAVED", "--out", "."], ". is a folder, and a file is to be written"),
        (["query", "PHOTO", "--bundle", "SAVED", "--out", "PHOTO"], "query.png is a photograph or another input"),
        (["export", ".", "--bundle", "SAVED"], ". is a folder, and a file is to be written"),
        (["export", "BELOW", "--bundle", "SAVED"], "note.jpg/x cannot be written (Not a directory)"),
        (["export", "OUT", "--bundle", "SAVED", "--bits", "64"], "is of --bits 16, not 64; leave --bits or --bundle"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments, told, saved, photo, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.jpg").write_text("no picture")
    places = {
        "PHOTO": photo,
        "EMPTY": tmp_path / "empty",
        "NOTE": tmp_path / "note.jpg",
        "SAVED": saved,
        "OUT": tmp_path / "out",
        "BELOW": tmp_path / "note.jpg/x",
    }
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status, said = call(*[places.get(one, one) for one in arguments])
    assert status == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert said.startswith("bitscape: ")
    assert told in said
    assert not (tmp_path / "out").exists()
