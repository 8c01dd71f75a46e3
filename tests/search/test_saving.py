"""Bundles that are saved while others save and read them, and processes that are killed meanwhile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.core.storage import publish

KILLED = """
import os, signal, sys, bitscape

bundle = bitscape.load(sys.argv[1])
bundle.remove(bundle.images[:1])
real = getattr(os, sys.argv[3])

def rename(source, to):
    if sys.argv[2] in (str(source), str(to)):
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, to)

setattr(os, sys.argv[3], rename)
bundle.save(sys.argv[2])
"""
BUSY = """
import sys, time, bitscape

bundle = bitscape.load(sys.argv[1])
bundle.remove(bundle.images[: int(sys.argv[3])])
end, times = time.monotonic() + 3, 0
while time.monotonic() < end:
    if int(sys.argv[3]):
        bundle.save(sys.argv[2])
    else:
        assert len(bitscape.load(sys.argv[2]).images) in (len(bundle.images) - 1, len(bundle.images) - 2)
    times += 1
print(times)
"""


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copied"))


@pytest.mark.parametrize("call", ["rename", "replace"])
def test_a_save_that_is_killed_loses_no_bundle_that_was_complete(saved, copied, tmp_path, call):
    assert subprocess.run([sys.executable, "-c", KILLED, saved, copied, call]).returncode == -9
    bundle = bitscape.load(saved)
    if call == "rename":
        assert bitscape.load(copied).images == bundle.images
    else:
        with pytest.raises(BitscapeError, match="is no bundle"):
            bitscape.load(copied)
        with pytest.raises(KeyboardInterrupt), publish(copied):
            raise KeyboardInterrupt
        assert bitscape.load(copied).images == bundle.images[1:]
    bundle.save(copied)
    assert bitscape.load(copied).images == bundle.images
    assert os.listdir(tmp_path) == ["copied"]


def test_those_who_save_at_once_do_not_mix_and_those_who_load_meanwhile_see_one_of_both(saved, tmp_path):
    target = tmp_path / "bundle"
    first = bitscape.load(saved)
    first.remove(first.images[:1])
    first.save(target)
    command = [sys.executable, "-c", BUSY, saved, target]
    running = [
        subprocess.Popen([*command, fewer], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for fewer in ("1", "2", "0")
    ]
    told = [one.communicate(timeout=120) for one in running]
    assert [error for _, error in told] == [""] * 3
    assert all(int(times) for times, _ in told)
    assert os.listdir(tmp_path) == ["bundle"]


def test_a_link_to_a_bundle_stays_a_link(saved, copied, tmp_path):
    (tmp_path / "link").symlink_to(copied)
    bundle = bitscape.load(saved)
    bundle.remove(bundle.images[1:])
    bundle.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert len(bitscape.load(copied).images) == 1


def test_a_bundle_is_saved_where_one_stands(saved, copied, monkeypatch):
    monkeypatch.chdir(copied)
    bundle = bitscape.load(saved)
    bundle.remove(bundle.images[1:])
    bundle.save(".")
    assert len(bitscape.load(copied).images) == 1


def test_what_file_managers_leave_is_in_nobodys_way_and_other_files_are_told(saved, copied):
    bundle = bitscape.load(saved)
    (copied / ".DS_Store").touch()
    bundle.save(copied)
    (copied / "diary.txt").write_text("dear diary")
    with pytest.raises(BitscapeError, match=r"holds diary\.txt beside a bundle; move it away, or name another folder"):
        bundle.save(copied)
    assert (copied / "diary.txt").read_text() == "dear diary"


def test_a_place_that_cannot_be_written_is_told_as_it_was_given(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").touch()
    with pytest.raises(BitscapeError, match=r"^note\.txt/bundle cannot be written \(Not a directory\)"):
        bitscape.load(saved).save("note.txt/bundle")
    assert os.listdir(tmp_path) == ["note.txt"]
