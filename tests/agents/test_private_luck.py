"""Scripted agents of which the arms of a pair do not share all luck."""

import pytest
from pydantic import ValidationError

from simrun.agents.backends.scripted import Rule, Scripted
from simrun.agents.records import Chat, Message
from simrun.stage.drive import at_once
from simrun.stage.seeds import Seeds

CALLS = 4000
SEEDS = [Seeds(0, "case", number).number("call") for number in range(CALLS)]


def answers(private: float, says: str, **planted) -> list[bool]:
    """Whether each call came out well, in chats that say the same."""
    scripted = Scripted(rules=(Rule(chance=0.8, say="yes", otherwise="no"),), private=private, **planted)
    chats = (
        Chat(session="s", role="r", nth=0, messages=(Message(role="user", content=says),), seed=seed, digest=says)
        for seed in SEEDS
    )
    return [at_once(scripted.reply(chat)).text == "yes" for chat in chats]


def differing(one: list[bool], other: list[bool]) -> float:
    return sum(a != b for a, b in zip(one, other, strict=True)) / CALLS


@pytest.mark.parametrize("private", [0.0, 0.5, 1.0])
def test_half_of_the_luck_is_private_to_what_the_chat_says(private: float) -> None:
    white, black = answers(private, "White"), answers(private, "Black")
    # two independent draws of .8 differ in 2 x .8 x .2 = .32 of the calls, shared ones never
    wanted = 0.32 * private
    assert differing(white, black) == pytest.approx(wanted, abs=4 * (wanted / CALLS) ** 0.5 + 1e-9)
    for each in (white, black):  # the chance itself is what the rule says
        assert sum(each) / CALLS == pytest.approx(0.8, abs=4 * (0.16 / CALLS) ** 0.5)


def test_pairs_differ_in_both_directions_without_an_effect_and_by_it_with_one() -> None:
    white, black = answers(0.5, "White"), answers(0.5, "Black")
    gained = sum(b and not w for w, b in zip(white, black, strict=True))
    lost = sum(w and not b for w, b in zip(white, black, strict=True))
    assert min(gained, lost) > 0.4 * (gained + lost)
    planted = answers(0.5, "Black", group="Black", effect=0.2)
    assert sum(planted) / CALLS == pytest.approx(0.6, abs=4 * (0.24 / CALLS) ** 0.5)


def test_equal_prompts_share_their_luck_whatever_is_private() -> None:
    assert answers(1.0, "White") == answers(1.0, "White")


def test_the_same_calls_are_private_whatever_is_said() -> None:
    scripted, shared = answers(0.5, "White"), answers(0.0, "White")
    luck = [seed / 2**31 < 0.8 for seed in SEEDS]
    assert shared == luck
    assert 0.16 * 0.8 < differing(scripted, luck) < 0.16 * 1.2  # .5 x .32


def test_a_report_says_that_luck_is_private() -> None:
    scripted = Scripted(private=0.5)
    assert scripted.identity()["private"] == 0.5
    assert "50% of its luck depends on what the chat says" in scripted.note()
    assert "private" not in Scripted().identity()
    assert "luck" not in Scripted().note()


def test_a_share_is_from_0_to_1() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Scripted(private=1.5)
