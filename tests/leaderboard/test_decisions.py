"""The log of a board's decisions: appended, bound line to line, and refused where it was edited."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from simrun.config.errors import ConfigError
from simrun.leaderboard.decisions import FILE, decide, decisions, head
from simrun.log.chain import FIRST, chained

SUM = "ab" * 32


@pytest.fixture
def three(tmp_path):
    """A board of three decisions."""
    decide(tmp_path, "draw", "Ada", "a draw was asked for", evidence={"seed": 7})
    decide(tmp_path, "add", "Ada", "sound", SUM)
    decide(tmp_path, "ask", "Bo", "a sample agrees", SUM, {"verdict": "agrees"})
    return tmp_path


def lines(folder) -> list[bytes]:
    return (folder / FILE).read_bytes().splitlines(keepends=True)


def test_decisions_stand_in_order_each_bound_to_the_one_before(three):
    found = decisions(three)
    assert [(each.what, each.who, each.file) for each in found] == [
        ("draw", "Ada", ""),
        ("add", "Ada", SUM),
        ("ask", "Bo", SUM),
    ]
    assert [each.prev for each in found] == [FIRST, *map(chained, lines(three)[:2])]
    assert head(three) == chained(lines(three)[2])
    assert found[0].evidence == {"seed": 7}
    assert found[0].at <= found[1].at <= found[2].at


def test_a_folder_without_a_log_has_no_decisions(tmp_path):
    assert (decisions(tmp_path), head(tmp_path)) == ((), FIRST)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda found: [found[0], found[1].replace(b"sound", b"sorry"), found[2]], ":2 does not hash"),
        (lambda found: [found[0], found[2]], ":1 does not hash"),
        (lambda found: [found[1], found[0], found[2]], ":1 is not its first line"),
        (lambda found: found[1:], ":1 is not its first line"),
        (lambda found: [*found, b'{"what":"add"}\n'], ":3 does not hash"),
        (lambda found: [*found[:2], found[2].replace(b'"ask"', b'"buy"')], ":3 is no decision"),
        (lambda found: [*found[:2], found[2].replace(b'"Bo"', b'"<b>"')], ":3 is no decision"),
        (lambda found: [*found, b"\xff\n"], ":4 is not JSON"),
    ],
)
def test_an_edited_log_is_refused_and_nothing_is_added(three, edit, named):
    (three / FILE).write_bytes(b"".join(edit(lines(three))))
    before = (three / FILE).read_bytes()
    with pytest.raises(ConfigError, match=named):
        decisions(three)
    with pytest.raises(ConfigError, match=named):
        decide(three, "remove", "Ada", "because", SUM)
    assert (three / FILE).read_bytes() == before


def test_a_torn_last_line_was_never_decided(three):
    whole = (three / FILE).read_bytes()
    (three / FILE).write_bytes(whole + b'{"at": 1')
    assert len(decisions(three)) == 3
    decide(three, "remove", "Ada", "it is another's log", SUM)
    assert (three / FILE).read_bytes().startswith(whole)
    assert [each.what for each in decisions(three)] == ["draw", "add", "ask", "remove"]


@pytest.mark.parametrize(
    "bad", [{"who": ""}, {"who": "a\nb"}, {"why": "\x1b[2J"}, {"file": "s.zip"}, {"why": "w" * 2001}, {"what": "buy"}]
)
def test_what_is_no_decision_is_not_written(three, bad):
    before = (three / FILE).read_bytes()
    with pytest.raises(ConfigError, match=next(iter(bad))):
        decide(three, **({"what": "add", "who": "Ada", "why": "sound", "file": SUM} | bad))
    assert (three / FILE).read_bytes() == before


def test_a_link_is_not_written_through(three, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / FILE).symlink_to(three / FILE)
    before = (three / FILE).read_bytes()
    with pytest.raises(ConfigError, match="cannot be written"):
        decide(other, "add", "Ada", "sound", SUM)
    assert (three / FILE).read_bytes() == before


def test_many_who_decide_at_once_wait_for_each_other(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: decide(tmp_path, "draw", "Ada", f"number {n}"), range(40)))
    assert sorted(each.why for each in decisions(tmp_path)) == sorted(f"number {n}" for n in range(40))
