"""Counterfactual pairs of images: what may differ is declared, what does is found, and each arm shows one of them."""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image as Pillow
from stub import Stub

from simrun import Run, run
from simrun.agents.images import seen
from simrun.agents.records import Image
from simrun.config.errors import ConfigError
from simrun.log.manifest import Manifest
from simrun.report.run import rebuild, resume
from simrun.scenarios.clinic.bank import load
from simrun.scenarios.versions import Difference, compared, versions
from simrun.stage.stage import Seat

EDIT = {"darker": {"what": "the skin is darker", "boxes": [[10, 5, 20, 15]]}}


def plain(width: int = 40, height: int = 30) -> Any:
    """A grey picture, opaque."""
    return np.dstack([np.full((height, width, 3), 128, np.uint8), np.full((height, width), 255, np.uint8)])


def edited(*places: tuple[int, int, int], width: int = 40, height: int = 30) -> Any:
    """The same with other red at (x, y, how much more)."""
    found = plain(width, height)
    for x, y, more in places:
        found[y, x, 0] += more
    return found


def pictures(made: Path) -> Path:
    """Those of two cases, each in two versions."""
    made.mkdir()
    for name, width in (("arm", 40), ("leg", 50)):
        Pillow.fromarray(plain(width)).save(made / f"{name}.png")
        Pillow.fromarray(edited((10, 5, 20), (19, 14, 30), width=width)).save(made / f"{name}-darker.png")
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return pictures(tmp_path / "cases")


class Shown(NamedTuple):
    """A run of both cases, and what its server was sent."""

    run: Run
    bodies: tuple[Any, ...]
    folder: Path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    with Stub() as server:
        made = pictures(tmp_path_factory.mktemp("shown") / "cases")
        done = played(server, made, row("arm"), row("leg"))
        return Shown(done, tuple(seen.body for seen in server.chats), made)


def row(name: str = "arm", **fields: Any) -> dict[str, Any]:
    """A row of AgentClinic's NEJM format with two versions of its image."""
    answers = [{"text": "Eczema", "correct": True}, {"text": "Psoriasis", "correct": False}]
    url = {"lighter": f"{name}.png", "darker": f"{name}-darker.png"}
    told = {"question": "What is the diagnosis?", "patient_info": f"Your {name} itches.", "physical_exams": "A rash."}
    return {**told, "answers": answers, "image_url": url, "image_edits": EDIT, **fields}


def played(stub: Any, folder: Path, *rows: dict[str, Any], levels: str = "[lighter,darker]", more: Any = ()) -> Run:
    (folder / "cases.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    asked = ("scenario=clinic", "scenario.images=start", "scenario.questions=1", "backend=server", f"url={stub.url}")
    varied = (f"vary.scenario.image_version={levels}", "design.controls=[]", "cases=null", "backend.images=true")
    own = {"scenario": {"data": str(folder / "cases.jsonl")}, "out": str(folder.parent / "runs")}
    return run(*asked, *varied, *more, **own)


def test_what_differs_is_counted_and_located():
    found = compared(plain(), edited((10, 5, 20), (19, 14, 30)), ((10, 5, 20, 15),))
    # 40 pixels in 24 cells: 2 pixels a side, so 20 x 15 cells; one pixel of four in two of them
    assert (found.width, found.height, found.pixels, found.box, found.largest) == (40, 30, 2, (10, 5, 20, 15), 30)
    assert found.share == 2 / 1200
    assert [(len(found.cells), set(map(len, found.cells)))] == [(15, {20})]
    at = {(x, y): cell for y, line in enumerate(found.cells) for x, cell in enumerate(line) if cell != "0"}
    assert at == {(5, 2): "3", (9, 7): "3"}  # 2.5 tenths, rounded up


def test_a_picture_that_differs_everywhere_is_full():
    white = np.full((24, 24, 4), 255, np.uint8)
    found = compared(white, white - 255, ((0, 0, 24, 24),))
    assert (found.share, found.largest, found.cells) == (1.0, 255, ("X" * 24,) * 24)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (edited((10, 5, 20), (20, 5, 1), (30, 25, 1)), r"2 pixels differ outside .* within \[20, 5, 31, 26\]"),
        (plain(41, 30), "one is 40 x 30 pixels, the other 41 x 30"),
        (plain(), "the same pixels"),
    ],
)
def test_versions_that_differ_otherwise_are_refused(other, why):
    with pytest.raises(ValueError, match=why):
        compared(plain(), other, ((10, 5, 20, 15),))


def test_opacity_counts_too():
    other = plain()
    other[0, 0, 3] = 254
    assert compared(plain(), other, ((0, 0, 1, 1),)).largest == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"image_edits": None}, "image_edits: 'darker': every version but the first"),
        ({"image_edits": {**EDIT, "other": EDIT["darker"]}}, "image_edits: 'other'"),
        ({"image_edits": {"darker": {"what": "skin", "boxes": [[5, 5, 5, 9]]}}}, "is no box"),
        ({"image_edits": {"darker": {"what": "skin", "boxes": []}}}, "boxes"),
        ({"image_edits": {"darker": {"what": "skin", "boxes": [[0, 0, 9, 9]]}}}, "pixels differ outside"),
        ({"image_url": {"lighter": "arm.png"}}, "at least two versions"),
        ({"image_url": ["arm.png"]}, "expected a text, or an object"),
        ({"image_url": {"lighter": "arm.png", "darker": "none.png"}}, "image_url: image 'none.png'"),
        ({"image_url": {"lighter": "arm.png", "darker": "https://example.org/a.png"}}, "is an address"),
        ({"image_url": {"lighter": "arm.png", "darker": "broken.png"}}, "cannot be decoded"),
        ({"image_url": {"lighter": "arm.png", "darker": "moving.gif"}}, "several frames"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(folder, fields, why):
    (folder / "broken.png").write_bytes((folder / "arm.png").read_bytes()[:40])
    frames = [Pillow.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match=why):
        versions(row(**fields), str(folder), look=True)


def test_nothing_is_read_where_nobody_looks(folder):
    (folder / "arm.png").unlink()
    first, other = versions(row(), str(folder), look=False)
    assert first.image == Image(reference="arm.png")
    assert (other.level, other.edit.what, other.difference) == ("darker", "the skin is darker", None)


def test_a_row_of_our_own_format_may_have_an_image(folder):
    own = {"complaint": "an itching arm", "age": 40, "history": "It itches.", "symptoms": "itching", "denies": ""}
    own |= {"findings": {"Skin": "A rash."}, "diagnosis": "Eczema", "aliases": [], "ages": [18, 90]}
    own |= {"anchor": "Psoriasis", "background": "Nobody else has it.", "image_url": "arm.png"}
    (folder / "own.jsonl").write_text(json.dumps(own))
    ((case,), faults) = load(str(folder / "own.jsonl"), look=True)
    assert faults == ()
    assert [version.image for version in case.images] == [seen("arm.png", str(folder))]


def test_each_arm_sends_the_bytes_of_its_version(shown):
    assert shown.run.complete
    messages = [message["content"] for body in shown.bodies for message in body["messages"]]
    parts = [part for content in messages if isinstance(content, list) for part in content]
    sent = sorted(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    files = [f"{name}{version}.png" for name in ("arm", "leg") for version in ("", "-darker")]
    bytes_ = [base64.b64encode((shown.folder / name).read_bytes()).decode() for name in files]
    assert sent == sorted(f"data:image/png;base64,{each}" for each in bytes_)  # one move of the doctor an episode
    doctor = shown.run.calls[(shown.run.calls.role == "doctor")]
    assert doctor.digest.nunique() == 4  # texts are alike in both arms: the pictures differ


def test_the_report_shows_which_pixels_differ(shown):
    done = shown.run
    finding, table = done.report().sections["images"].blocks
    assert finding.verdict == "passed"
    assert "0.13 % to 0.17 %" in finding.text  # 2 of 1500 and 2 of 1200
    assert [(each["pixels"], each["box"], each["declared"]) for each in table.rows] == [
        (2, "10, 5, 20, 15", "the skin is darker")
    ] * 2
    drawn = (done.path / "report" / "image_differences.svg").read_text()
    assert "cases-1: darker" in drawn
    assert rebuild(done.path)[1]  # the same to the byte


def test_a_case_without_that_version_is_left_out_of_its_arm(stub, folder):
    one = row("leg", image_url="leg.png", image_edits=None)
    done = played(stub, folder, row("arm"), row("leg"), one, more=["scenario.image_version=lighter"])
    assert {each.case: each.why for each in done.manifests[0].exclusions} == {
        "cases-3": "it has no version 'darker' of its image (it has one without a name)"
    }


def test_a_picture_that_has_changed_since_stops_resume_and_replay(shown):
    file = shown.folder / "leg-darker.png"
    before = file.read_bytes()
    Pillow.fromarray(edited((10, 5, 21), (19, 14, 30), width=50)).save(file)
    try:
        for again in (resume, rebuild):
            with pytest.raises(ConfigError, match="the cases have changed"):
                again(shown.run.path)
    finally:
        file.write_bytes(before)


def test_the_digest_of_a_chat_tells_the_picture_and_not_where_it_lies(folder):
    def digest(name: str) -> str:
        seat = Seat("You are a doctor.", str(folder))
        seat.hear("Here is the image.", (seen(name, str(folder)),))
        return seat.asked("", b"")[1]

    before = digest("arm.png")
    (folder / "arm.png").rename(folder / "moved.png")
    assert digest("moved.png") == before
    assert digest("arm-darker.png") != before
    Pillow.fromarray(edited((0, 0, 1))).save(folder / "moved.png")
    assert digest("moved.png") != before


def test_versions_are_not_compared_where_nobody_sees_them(stub, folder):
    with pytest.raises(ConfigError, match=r"nobody is shown an image; set scenario\.images=start"):
        played(stub, folder, row("arm"), row("leg"), more=["scenario.images=never"])
    assert stub.seen == []


def test_an_image_is_read_where_only_some_arms_show_it(stub, folder):
    rows = "".join(json.dumps(row(name)) + "\n" for name in ("arm", "leg", "none"))
    (folder / "cases.jsonl").write_text(rows)
    asked = ("scenario=clinic", "vary.scenario.images=[never,start]", "scenario.questions=1", "backend=server")
    more = (f"url={stub.url}", "backend.images=true", "design.controls=[]", "cases=null")
    data, out = {"data": str(folder / "cases.jsonl")}, str(folder.parent / "runs")
    done = run(*asked, *more, scenario=data, out=out)
    assert done.manifests[0].cases == ("cases-1", "cases-2")  # the third has no file, whichever arm is the reference
    assert [sum("image_url" in str(seen.body) for seen in stub.chats), len(stub.chats)] == [2, 16]


def test_a_manifest_keeps_what_was_found(shown):
    first, other = Manifest.read(shown.run.path).image_versions["cases-1"]
    assert first.difference is None
    assert isinstance(other.difference, Difference)
    assert other.difference.pixels == 2
