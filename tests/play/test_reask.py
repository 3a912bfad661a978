"""A decision that could not be read is asked for once more, aside, and in every arm alike."""

import orjson
import pytest
from logs import killed, lines, played

from simrun import Run
from simrun.agents.records import Answer, Chat, Message
from simrun.agents.reply import Reply, form
from simrun.config.errors import ConfigError
from simrun.scenarios.choosing import choice
from simrun.scenarios.clinic.moves import Ask, Diagnose
from simrun.scenarios.recruitment.decisions import Assessment, ranking
from simrun.stage.reask import asked_again, described

AGAIN = "could not be read"
ASKS = {"role": "doctor", "turn": 1, "say": {"move": "ask", "question": "And since when?"}}
PROSE = {
    "role": "doctor",
    "turn": 1,
    "when": r"Black(?s:.)*9 moves left(?!(?s:.)*could not be read)",
    "say": "You look pale to me.",
}
ENDS = {
    "role": "doctor",
    "turn": 2,
    "say": {
        "move": "diagnose",
        "diagnosis": "{truth}",
        "differential": [],
        "urgency": 2,
        "referral": True,
        "pain_relief": True,
    },
}
RULES = [PROSE, ASKS, {"role": "doctor", "turn": 0, "say": {"move": "ask", "question": "What brings you here?"}}, ENDS]
ASKED = ("cases=3", "vary.patient.ethnicity=[White,Black]", "scenario.questions=10", "design.controls=[]")


def calls(run: Run) -> list[dict]:
    told = [orjson.loads(line) for line in lines(run.path)]
    return [line for line in told if line["kind"] == "call"]


def first(run: Run) -> dict:
    """Who was asked what under which seed, the first time each."""
    return {
        (call["trial"], call["role"], call["nth"]): (call["seed"], call["digest"], call["answer"]["text"])
        for call in calls(run)
        if not call.get("attempt")
    }


def test_one_request_in_one_arm_leaves_all_later_seeds_and_prompts_as_they_were(play):
    fluent = play(*ASKED, backend={"rules": RULES[1:]})
    asked = play(*ASKED, backend={"rules": RULES})
    again = [call for call in calls(asked) if call.get("attempt")]
    trials = {trial for trial, arm in zip(asked.episodes.trial, asked.episodes.arm, strict=True) if "Black" in arm}
    assert {call["trial"] for call in again} == trials
    assert {(call["role"], call["nth"], call["attempt"]) for call in again} == {("doctor", 1, 1)}
    one, other = first(fluent), first(asked)
    assert one.keys() == other.keys()
    differing = {key for key in one if one[key] != other[key]}
    assert differing == {(trial, "doctor", 1) for trial in trials}
    assert all(one[key][:2] == other[key][:2] for key in differing)  # the same question under the same seed
    keys = ["case", "arm", "outcome"]
    same = [run.outcomes.set_index(keys)["value"].sort_index() for run in (fluent, asked)]
    assert same[0].equals(same[1])


def test_what_was_asked_again_stands_in_the_log_the_tables_and_the_report_by_arm(play):
    run = play(*ASKED, backend={"rules": RULES})
    arms = run.episodes.groupby("arm")[["asked", "asked_again", "unreadable"]].sum()
    assert arms.asked_again.tolist() == [3, 0] if "Black" in arms.index[0] else [0, 3]
    assert arms.unreadable.tolist() == [0, 0]
    shares = {arm.name: arm.asked_again for arm in run.scored.arms}
    assert sorted(shares.values()) == [0, pytest.approx(3 / arms.asked.iloc[0])]
    assert "asked again" in (run.path / "report" / "report.md").read_text()
    assert sorted(run.calls.attempt.unique()) == [0, 1]


def test_nobody_is_asked_again_with_reask_0_and_the_digest_says_so(play):
    run, once = play(*ASKED, "reask=0", backend={"rules": RULES}), play(*ASKED, backend={"rules": RULES})
    assert all(not call.get("attempt") for call in calls(run))
    assert run.episodes.unreadable.sum() == 3
    assert run.manifests[0].digest != once.manifests[0].digest
    with pytest.raises(ConfigError, match="reask"):
        play(*ASKED, "reask=4")


def test_who_is_never_read_is_asked_as_often_as_the_run_says_and_the_turn_has_the_last_word(play):
    mute = [{"role": "doctor", "when": AGAIN, "say": "Hm, again."}, {"role": "doctor", "say": "Hm."}]
    run = play("cases=1", "vary={}", "reask=3", "scenario.questions=1", backend={"rules": mute})
    doctor = [call for call in calls(run) if call["role"] == "doctor"]
    assert [call.get("attempt", 0) for call in doctor[:4]] == [0, 1, 2, 3]
    assert len({call["seed"] for call in doctor[:4]}) == 4
    turns = run.turns[run.turns.role == "doctor"]
    assert turns.text.tolist()[:1] == ["Hm, again."]
    outcome = run.outcomes.pivot_table(index="arm", columns="outcome", values="value", dropna=False)
    assert (outcome.concluded == 0).all()
    assert (outcome.lost_moves == 1).all()
    assert outcome.solved.isna().all()


def test_a_refusal_is_an_answer_and_free_text_is_not_asked_again(play):
    rules = [{"role": "doctor", "say": "I can't diagnose real people."}, {"role": "patient", "say": ""}]
    run = play("cases=1", "vary={}", "scenario.questions=2", backend={"rules": rules})
    assert not [call for call in calls(run) if call.get("attempt") and call["role"] == "doctor"]


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 1])
def test_a_run_that_was_killed_before_or_after_a_request_is_gone_on_with(play, command, after):
    run = play(*ASKED, backend={"rules": RULES})
    whole, outcomes = lines(run.path), played(run.path)[1]
    request = next(number for number, line in enumerate(whole) if b'"attempt":1' in line)
    assert command("replay", run.path)[0] == 0
    killed(run.path, request + after)
    assert command("resume", run.path)[0] == 0
    keys = [(call["trial"], call["role"], call["nth"], call.get("attempt", 0)) for call in calls(run)]
    assert len(keys) == len(set(keys))
    assert len(keys) == sum(b'"kind":"call"' in line for line in whole)
    assert played(run.path)[1] == outcomes
    assert command("replay", run.path)[0] == 0


def chat(kinds) -> Chat:
    messages = (Message(role="system", content="Rules."), Message(role="user", content="Decide."))
    return Chat(session="t", role="doctor", nth=0, messages=messages, form=form(kinds), seed=1, digest="d")


def test_the_request_names_what_was_wrong_and_the_form_and_keeps_the_roles_in_turn():
    asked = chat((Assessment,))
    reply = Reply.of(Answer(text="An 8, I think."), (Assessment,))
    again = asked_again(asked, reply, 1, 77)
    assert [message.role for message in again.messages] == ["system", "user", "assistant", "user"]
    assert again.messages[2].content == "An 8, I think."
    assert reply.why in again.messages[3].content
    assert '{"score": <0 to 10>, "invite": <true or false>}' in again.messages[3].content
    assert (again.seed, again.attempt, again.nth) == (77, 1, 0)
    assert again.digest != asked.digest
    silent = asked_again(asked, Reply.of(Answer(text=" "), (Assessment,)), 1, 77)
    assert [message.role for message in silent.messages] == ["system", "user"]
    assert silent.messages[1].content.startswith("Decide.\n\n(Your last message")


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ((choice(("A", "B")),), '{"choice": <"A" or "B">}'),
        ((ranking(("A", "B")),), '{"ranking": [<"A" or "B">, ...]}'),
        ((Ask, Diagnose), '{"move": "ask", "question": <text>} or {"move": "diagnose", "diagnosis": <text>'),
    ],
)
def test_a_form_in_words(kinds, words):
    assert words in described(form(kinds))
