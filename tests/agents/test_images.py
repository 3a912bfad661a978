"""Which files a case may have sent: images beside its own file, and no others."""

import base64
import json
import os
from pathlib import Path

import pytest

from simrun import run
from simrun.agents.images import MOST, data_url, located, seen
from simrun.agents.records import Image
from simrun.config.errors import ConfigError

KINDS = {
    "image/png": b"\x89PNG\r\n\x1a\n0000",
    "image/jpeg": b"\xff\xd8\xff\xe0000",
    "image/gif": b"GIF89a0000",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/bmp": b"BM000000",
    "image/tiff": b"II*\x000000",
}
TEXT = b"root:x:0:0:root:/root:/bin/bash\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of cases, beside one that is none of theirs."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "photo.png").write_bytes(KINDS["image/png"])
    (tmp_path / "secret" / "passwd").write_bytes(TEXT)
    (tmp_path / "cases" / "pictures").mkdir(parents=True)
    (tmp_path / "cases" / "pictures" / "ecg.png").write_bytes(KINDS["image/png"])
    (tmp_path / "cases" / "notes.png").write_bytes(TEXT)
    (tmp_path / "cases" / "link.png").symlink_to(tmp_path / "secret" / "photo.png")
    (tmp_path / "cases" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "cases" / "in.png").symlink_to("pictures/ecg.png")
    (tmp_path / "cases" / "loop.png").symlink_to("loop.png")
    os.mkfifo(tmp_path / "cases" / "pipe.png")
    with (tmp_path / "cases" / "huge.png").open("wb") as file:
        file.write(KINDS["image/png"])
        file.truncate(MOST + 1)
    return tmp_path / "cases"


OUTSIDE = ["/etc/passwd", "../secret/photo.png", "pictures/../../secret/photo.png", "link.png", "out/photo.png"]
NONE = ["notes.png", "pipe.png", "huge.png", "none.png", "pictures", "", "file:///etc/passwd", "a\0.png", "cases.jsonl"]
ELSE = ["data:text/plain;base64,aGk=", "~/photo.png", "/dev/zero", "/proc/self/environ", "loop.png"]
BAD = [*OUTSIDE, *NONE, *ELSE]


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_sent_as_what_it_is_whatever_it_is_called(folder, kind):
    (folder / "x.txt").write_bytes(KINDS[kind])
    sent = data_url(located(seen("x.txt", str(folder)), str(folder)))
    assert sent == f"data:{kind};base64,{base64.b64encode(KINDS[kind]).decode()}"


@pytest.mark.parametrize("reference", ["pictures/ecg.png", "./pictures/ecg.png", "in.png"])
def test_a_file_in_the_folder_is_shown(folder, reference):
    assert data_url(located(seen(reference, str(folder)), str(folder))).startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize("reference", ["https://example.org/ecg.png", "data:image/png;base64,iVBOR"])
def test_an_address_stays(folder, reference):
    assert data_url(located(seen(reference, str(folder)), str(folder))) == reference


@pytest.mark.parametrize("reference", BAD)
def test_nothing_else_is(folder, reference):
    with pytest.raises(ValueError, match="image "):
        seen(reference, str(folder))


@pytest.mark.parametrize("now", [KINDS["image/png"] + b"1", TEXT, None])
def test_an_image_that_has_changed_since_is_not_sent(folder, now):
    image = located(seen("pictures/ecg.png", str(folder)), str(folder))
    file = folder / "pictures" / "ecg.png"
    file.unlink() if now is None else file.write_bytes(now)
    with pytest.raises(ValueError, match=r"image '.*ecg\.png'"):
        data_url(image)


def test_a_file_that_was_never_read_is_not_sent(folder):
    with pytest.raises(ValueError, match="not what it was"):
        data_url(Image(reference=str(folder / "pictures" / "ecg.png")))


def nejm(folder: Path, *references: str) -> Path:
    answers = [{"text": "Migraine", "correct": True}, {"text": "Stroke", "correct": False}]
    rows = [
        {
            "question": "What is the diagnosis?",
            "patient_info": "A woman aged 40 has a headache.",
            "physical_exams": "Normal.",
        }
        | {"image_url": reference, "answers": answers}
        for reference in references
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "cases.jsonl"


def shown(stub, tmp_path: Path, file: Path, images: str = "start"):
    return run(
        "scenario=clinic",
        f"scenario.images={images}",
        "backend=server",
        f"url={stub.url}",
        "backend.images=true",
        "cases=null",
        "vary={}",
        "scenario.questions=1",
        "backend.retries=0",
        scenario={"data": str(file)},
        out=str(tmp_path / "runs"),
    )


def sent(stub) -> str:
    return "".join(json.dumps(seen.body) for seen in stub.seen)


@pytest.mark.parametrize("reference", [each for each in BAD if each])
def test_a_server_gets_nothing_of_it(stub, tmp_path, folder, reference):
    file = nejm(folder, reference)
    with pytest.raises(ConfigError, match="image_url") as raised:
        shown(stub, tmp_path, file)
    assert reference.split("\0")[0] in str(raised.value)
    assert sent(stub) == ""


def test_the_other_cases_play(stub, tmp_path, folder):
    done = shown(stub, tmp_path, nejm(folder, "pictures/ecg.png", "../secret/photo.png"))
    assert len(done.manifests[0].cases) == 1
    assert "must lie in the folder of its case file" in done.manifests[0].faults[0]
    assert "data:image/png;base64,iVBOR" in sent(stub)


def test_where_nobody_looks_a_case_plays_without_its_image(stub, tmp_path, folder):
    done = shown(stub, tmp_path, nejm(folder, "none.png", "/etc/passwd"), images="never")
    assert len(done.manifests[0].cases) == 2
    assert "image" not in sent(stub).replace("an image", "")


def test_a_file_of_cases_may_be_moved_with_its_images(stub, tmp_path, folder):
    """Where it lies is no part of a case, nor of what a chat's digest tells."""
    from simrun.scenarios.clinic.bank import load

    one = load(str(nejm(folder, "pictures/ecg.png")), look=True)[0][0]
    other = load(str(nejm(folder.rename(tmp_path / "moved"), "pictures/ecg.png")), look=True)[0][0]
    assert one.folder != other.folder
    assert one.model_dump() == other.model_dump()
