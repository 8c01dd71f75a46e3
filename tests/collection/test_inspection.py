import hashlib
import io
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from bitscape.collection.inspection import Facts, check, inspect
from tests.collection.pictures import claim

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
LIMITS = (32, 100_000)


def encode(kind: str, picture: Image.Image = NOISE, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


ENCODED = {
    "jpeg": encode("JPEG"),
    "progressive": encode("JPEG", progressive=True),
    "png": encode("PNG"),
    "webp": encode("WEBP"),
    "tiff": encode("TIFF"),
    "lzw": encode("TIFF", compression="tiff_lzw"),
}


def test_the_facts_of_a_photograph(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.png").write_bytes(encode("PNG", exif=exif))
    facts = check(tmp_path / "a.png", *LIMITS)
    assert isinstance(facts, Facts)
    assert (facts.width, facts.height) == (48, 64)
    assert facts.sha256 == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()


def test_the_pixels_tell_duplicates_in_other_containers(tmp_path: Path):
    for kind in ("PNG", "TIFF"):
        (tmp_path / kind).write_bytes(encode(kind))
    (tmp_path / "WEBP").write_bytes(encode("WEBP", lossless=True))
    (tmp_path / "other").write_bytes(encode("PNG", NOISE.rotate(180)))
    facts = {path.name: check(path, *LIMITS) for path in tmp_path.iterdir()}
    assert len({facts[kind].pixels for kind in ("PNG", "TIFF", "WEBP")}) == 1
    assert len({fact.sha256 for fact in facts.values()}) == 4
    assert facts["other"].pixels != facts["PNG"].pixels


def test_equal_bytes_in_another_shape_are_no_duplicates(tmp_path: Path):
    for name, size in (("wide", (64, 48)), ("tall", (48, 64))):
        Image.new("RGB", size, "white").save(tmp_path / name, "PNG")
    assert check(tmp_path / "wide", *LIMITS).pixels != check(tmp_path / "tall", *LIMITS).pixels


@pytest.mark.parametrize("kind", ENCODED)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97])
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str, share: float):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(ENCODED[kind][: int(share * len(ENCODED[kind]))])
    reason = check(path, *LIMITS)
    assert isinstance(reason, str)
    assert reason.startswith(("truncated or damaged", "not a JPEG"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "an empty file, zero bytes"),
        ("text.jpg", b"Dear diary, today I took no photograph.", "not a JPEG, PNG, WebP or TIFF picture"),
        ("page.png", b"<!doctype html><title>404</title>", "not a JPEG, PNG, WebP or TIFF picture"),
        ("drawing.gif", encode("GIF"), "not a JPEG, PNG, WebP or TIFF picture"),
        ("small.png", encode("PNG", NOISE.resize((31, 200))), "31 x 200 pixels, a side below prepare.min_side = 32"),
        (
            "wide.png",
            encode("PNG", NOISE.resize((2000, 51))),
            "2000 x 51 pixels, more than prepare.max_pixels = 100000",
        ),
        ("photo.nef", ENCODED["tiff"], "a camera's raw file; export it as JPEG or TIFF"),
    ],
)
def test_the_reason_of_a_refusal(tmp_path: Path, name: str, content: bytes, reason: str):
    (tmp_path / name).write_bytes(content)
    assert check(tmp_path / name, *LIMITS) == reason


@pytest.mark.parametrize("side", [60_000, 2**31 - 1])
def test_an_absurd_size_is_refused_from_the_header(tmp_path: Path, side: int):
    (tmp_path / "bomb.png").write_bytes(claim(side, side))
    start = time.monotonic()
    assert check(tmp_path / "bomb.png", 32, 100_000_000).startswith(f"{side} x {side} pixels, more than")
    assert time.monotonic() - start < 1


def test_the_limit_is_the_parameter_not_pillows(tmp_path: Path):
    (tmp_path / "large.png").write_bytes(claim(20_000, 9_000))  # Pillow by itself raises above 178,956,970 pixels
    assert check(tmp_path / "large.png", 32, 200_000_000).startswith("truncated or damaged: image file is truncated")


def test_a_missing_file_and_a_folder_have_reasons_too(tmp_path: Path):
    assert check(tmp_path / "gone.jpg", *LIMITS) == "cannot be read: No such file or directory"
    assert check(tmp_path, *LIMITS) == "cannot be read: Is a directory"


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(ENCODED)),
    place=st.floats(0, 1, exclude_max=True),
    rubbish=st.binary(min_size=1, max_size=20),
    replace=st.booleans(),
)
@example(kind="tiff", place=0.0, rubbish=b"\xff", replace=True)
@pytest.mark.filterwarnings("ignore")
def test_no_rubbish_escapes_as_an_exception(tmp_path: Path, kind: str, place: float, rubbish: bytes, replace: bool):
    content = ENCODED[kind]
    start = int(place * len(content))
    (tmp_path / "a").write_bytes(content[:start] + rubbish + content[start + len(rubbish) * replace :])
    found = check(tmp_path / "a", *LIMITS)
    assert isinstance(found, Facts) or str(tmp_path) not in found


def test_all_files_are_inspected_in_order(tmp_path: Path):
    names = [f"{index}.jpg" for index in range(20)]
    for index, name in enumerate(names):
        (tmp_path / name).write_bytes(b"rubbish" if index % 5 == 0 else ENCODED["jpeg"])
    facts, refused = inspect(tmp_path, names, *LIMITS)
    assert list(facts) == [name for index, name in enumerate(names) if index % 5]
    assert list(refused) == names[::5]
