"""What is drawn of a pair: images, values by turn and by subject, who heard whom."""

import base64

import pytest

from simrun.agents.images import located, seen
from simrun.agents.records import Image
from simrun.report.pairs import JUDGED, Listed
from simrun.report.pictured import Album, by_subject, by_turn, heard
from simrun.report.run import judge
from simrun.scenarios.outcome import Outcome, PerSubject, Series
from simrun.stage.stage import Entry

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)


class Came(Outcome):
    moved: Series[bool]
    each: PerSubject[Series[float]]
    places: PerSubject[int]
    said: str = "words"


class Staged:
    def __init__(self, *entries: Entry):
        self.transcript = list(entries)


def came() -> Came:
    return Came(
        moved=(True, None, False), each={"one": (1.0, 2.0), "other": (3.0, 4.0, 5.0)}, places={"one": 2, "other": None}
    )


def test_values_by_turn_are_means_over_subjects():
    assert by_turn(came()) == {"moved": [1, None, 0], "each": [2, 3, 5]}


def test_values_by_subject():
    assert by_subject(came()) == {"places": {"one": 2, "other": None}}


def test_who_heard_whom_is_counted_where_three_take_part():
    said = [
        Entry("a", "turn", "hm", "hm", hearers=("b", "c")),
        Entry("a", "turn", "hm", "hm", hearers=("b",)),
        Entry("b", "private", "hm", ""),
    ]
    assert heard(Staged(*said)) == [["a", "b", 2], ["a", "c", 1]]
    assert heard(Staged(said[1])) == []


def test_an_image_is_held_once_and_one_on_the_web_is_named(tmp_path):
    file, album = tmp_path / "x.png", Album()
    file.write_bytes(PNG)
    image = located(seen(file.name, str(tmp_path)), str(tmp_path))
    assert [album.place(image), album.place(image)] == [0, 0]
    assert album.urls == [f"data:image/png;base64,{base64.b64encode(PNG).decode()}"]
    assert album.place(Image(reference="https://example.org/x.png")) == "https://example.org/x.png"
    file.write_bytes(PNG + b"x")
    assert "is not what it was" in str(Album().place(image))
    assert "no image of a kind" in str(album.place(Image(reference=str(tmp_path / ".."))))
    assert len(album.urls) == 1


def test_images_beyond_the_room_are_named(tmp_path):
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    album = Album(room=len(url) + 5)
    assert album.place(Image(reference=url)) == 0
    assert album.place(Image(reference=url + "AAAA")) == url + "AAAA"
    assert album.urls == [url]


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    from simrun import run

    asked = ("scenario=dialogue", "backend=scripted", "cases=2", "design.controls=[]")
    vary = {"subject": {"religion": ["none", "Muslim"]}}
    return run(*asked, vary=vary, out=str(tmp_path_factory.mktemp("runs")))


@pytest.mark.slow
def test_what_judges_said_later_stands_in_the_page(talk):
    before = talk.shown()
    assert not (Listed(talk.scored).told()["flags"] & JUDGED).any()
    rules = [{"role": "stereotype", "say": '{"manner": "biased", "span": "prices", "aware": false}'}]
    done = judge(talk.path, "judge=stereotype", "roles.judge.backend=scripted", backend={"rules": rules})
    shown = done.shown()
    assert (Listed(done.scored).told()["flags"] & JUDGED).all()
    for place, told in shown.transcripts.items():
        own = [each for each in told["judges"] if each["role"] == "stereotype"]
        assert {dict(each["decision"])["manner"] for each in own} == {"biased"}
        assert len(own) == len(told["series"]["biased"])
        assert told["turns"] == before.transcripts[place]["turns"]
