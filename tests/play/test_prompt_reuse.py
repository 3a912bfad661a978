"""What of a prompt an engine could have read before, counted by hand; and that our prompts let it."""

import pytest

from simrun.agents.records import Message
from simrun.play.prompts import Prefixes, reuse


def chat(*said: str) -> tuple[Message, ...]:
    roles = ("system", *("user", "assistant") * len(said))
    return tuple(Message(role=role, content=text) for role, text in zip(roles, said, strict=False))


def test_what_an_earlier_chat_began_with_is_known():
    known = Prefixes()
    assert known.known(chat("rules", "hello")) == 0
    known.add(chat("rules", "hello"), "hi")
    # "system\nrules\n" is 13 characters, "user\nhello\n" 11, "assistant\nhi\n" 13
    assert known.known(chat("rules", "hello")) == 24
    assert known.known(chat("rules", "hello", "hi", "and?")) == 37
    assert known.known(chat("rules", "help")) == 13 + len("user\nhel")
    assert known.known(chat("rule")) == len("system\nrule")
    assert known.known(chat("Rules", "hello")) == len("system\n")


def test_a_counter_at_the_top_leaves_nothing_to_reuse():
    known = Prefixes()
    for turn in range(3):
        known.add((Message(role="user", content=f"{turn} turns of 20. " + "The dialogue so far. " * turn),), "well")
    found = known.known((Message(role="user", content="3 turns of 20. " + "The dialogue so far. " * 3),))
    assert found == len("user\n")


@pytest.mark.slow
@pytest.mark.parametrize("wording", [0, 1, 2])
def test_our_layout_lets_an_engine_reuse_most_of_a_prompt(play, wording):
    done = play(f"scenario.wording={wording}", cases=4, repeats=2)
    found = {(each.role, each.turns): each for each in reuse(done.path, done.manifests[0].plan())}
    assert sum(each.calls for each in found.values()) == len(done.calls)
    assert sum(each.prompt_tokens for each in found.values()) == done.calls.prompt_tokens.sum()
    for role in ("doctor", "patient"):
        assert found[role, "later"].possible > 0.8
    assert found["doctor", "first"].possible > 0.8  # all but the first arm of a case


def test_the_command_shows_it(play, capsys):
    from simrun.cli.main import main

    done = play(cases=2)
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["show", str(done.path), "--prompts"])
    told = capsys.readouterr().out
    assert stop.value.code == 0
    assert "possible" in told
    assert "doctor       later" in told
