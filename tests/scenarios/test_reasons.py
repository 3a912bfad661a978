"""Reasons are asked for aside and after the decision: nothing that was decided can follow from the question."""

import pytest
from conftest import config

from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.menus import Catalogue
from simrun.plan.design import planned
from simrun.scenarios.reasons import Reason
from simrun.stage.drive import anywhere, drive

MODES = [
    ("clinic", "consultation", "doctor"),
    ("clinic", "vignette", "doctor"),
    ("recruitment", "screen", "recruiter"),
    ("recruitment", "compare", "recruiter"),
    ("recruitment", "rank", "recruiter"),
]


def episode(name: str, mode: str, known: Catalogue, **options):
    """The prompts of an episode by scripted agents, and its stage."""
    plan = planned(config(scenario={"name": name, "mode": mode, **options}, cases=2, vary={}), known)
    stage, casting = plan.stage(next(iter(plan.trials()))), plan.reference
    chats = []

    async def ask(turn, chat):
        chats.append((turn, chat))
        return Reply.of(await casting.backends[turn.role].reply(chat), turn.kinds())

    anywhere(drive(stage, ask))
    return chats, stage


@pytest.mark.parametrize(("name", "mode", "role"), MODES)
def test_a_reason_is_asked_last_aside_and_changes_no_other_prompt(name, mode, role, known: Catalogue):
    plain, without = episode(name, mode, known)
    asked, with_reason = episode(name, mode, known, reason=True)
    own = [(turn, chat) for turn, chat in asked if turn.reply is Reason]
    assert [(turn.role, turn.private) for turn, _ in own] == [(role, True)]
    others = [chat.digest for turn, chat in asked if turn.reply is not Reason]
    assert others == [chat.digest for _, chat in plain]
    told = own[0][1].messages[-1].content
    assert "You decided: " in told
    assert with_reason.outcome.reason == "What is told fits this best."
    assert with_reason.outcome.reason_words == 6
    fields = {"reason", "reason_words"}
    assert with_reason.outcome.model_dump(exclude=fields) == without.outcome.model_dump(exclude=fields)
    assert without.outcome.decision
    assert (without.outcome.reason, without.outcome.reason_words) == ("", None)


def test_a_vignette_names_the_diagnosis_and_not_its_letter(known: Catalogue):
    asked, stage = episode("clinic", "vignette", known, reason=True)
    told = asked[-1][1].messages[-1].content
    assert f"You decided: diagnosis: {stage.outcome.diagnosis}; urgency: " in told
    assert "mental-health assessment: " in told


def test_whatever_is_said_is_a_reason():
    assert Reply.of(Answer(text="It hurts."), (Reason,)).decision == Reason(reason="It hurts.")
    assert Reply.of(Answer(text='{"reason": "It hurts."}'), (Reason,)).decision == Reason(reason="It hurts.")
