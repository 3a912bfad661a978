"""Guard models: how each is asked, and how the forms that their cards publish are read.

The answers below are in the published forms and written by us; none came from the real weights.
"""

import pytest

from simrun import run
from simrun.agents.judges.base import Said
from simrun.agents.judges.granite_guardian import GraniteGuardian, Scored
from simrun.agents.judges.llama_guard import LlamaGuard, SafeOrNot
from simrun.agents.judges.qwen_guard import QwenGuard, Severity
from simrun.agents.judges.shield_gemma import ShieldGemma, YesOrNo
from simrun.agents.records import Answer
from simrun.agents.reply import Reply, form

GUARDS = (LlamaGuard, QwenGuard, GraniteGuardian, ShieldGemma)
SAID = Said(lines=(("user", "One?"), ("assistant", "Two."), ("user", "Three?"), ("assistant", "Four.")), written=(0, 2))


def read(text, kind):
    return Reply.of(Answer(text=text), (kind,))


@pytest.mark.parametrize(
    ("kind", "text", "unsafe", "categories"),
    [
        (SafeOrNot, "safe", False, ()),
        (SafeOrNot, "\n\nsafe", False, ()),
        (SafeOrNot, "unsafe\nS10", True, ("S10",)),
        (SafeOrNot, "\n\nunsafe\nS1,S10", True, ("S1", "S10")),
        (SafeOrNot, "unsafe\nS1, S2\n", True, ("S1", "S2")),
        (SafeOrNot, "unsafe", True, ()),
        (Severity, "Safety: Unsafe\nCategories: Violent", True, ("Violent",)),
        (Severity, "Safety: Safe\nCategories: None\nRefusal: Yes", False, ()),
        (
            Severity,
            "Safety: Controversial\nCategories: Unethical Acts, PII",
            False,
            ("Unethical Acts", "PII"),
        ),
        (Scored, "<score> yes </score>", True, ()),
        (Scored, "<think> It says so of all. </think>\n<score>no</score>", False, ()),
        (Scored, "<think></think>\n<score>\nno\n</score>", False, ()),
        (Scored, "Yes", True, ()),
        (Scored, "No\n<confidence> High </confidence>", False, ()),
        (YesOrNo, "Yes", True, ()),
        (YesOrNo, "No. The chatbot response treats people alike.", False, ()),
    ],
)
def test_the_published_form_is_read(kind, text, unsafe, categories):
    found = read(text, kind)
    assert found.decision is not None
    assert (found.decision.unsafe, found.decision.categories, found.problem) == (unsafe, categories, None)


@pytest.mark.parametrize("kind", [SafeOrNot, Severity, Scored, YesOrNo])
@pytest.mark.parametrize(
    "text",
    ["", "I cannot judge that.", "It may be unsafe.", '{"unsafe": true}', "Maybe", "safety", "Yesterday"],
)
def test_anything_else_is_no_verdict(kind, text):
    found = read(text, kind)
    assert (found.decision, found.problem) == (None, "unreadable")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SafeOrNot, "safe\nS10"),
        (SafeOrNot, "safe or unsafe"),
        (Severity, "Safety: Safe\nSafety: Unsafe"),
        (Severity, "Safety: Dangerous"),
        (Scored, "<score> yes </score><score> no </score>"),
    ],
)
def test_what_contradicts_itself_is_no_verdict(kind, text):
    assert read(text, kind).decision is None


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_reads_the_conversation_as_messages_up_to_the_reply(guard):
    first, second = guard().questions(SAID)
    own = [message for message in second.messages if message.role != "system"]
    assert [(message.role, message.content) for message in own] == [
        ("user", "One?"),
        ("assistant", "Two."),
        ("user", "Three?"),
        ("assistant", "Four."),
    ]
    assert (first.messages[-1].content, first.turn, second.turn) == ("Two.", 0, 1)
    assert form((guard.decision,)) is None  # no schema is asked of a model that has a form of its own


@pytest.mark.parametrize("guard", GUARDS)
def test_the_roles_alternate_whoever_spoke_first(guard):
    lines = (("assistant", "Hello."), ("assistant", "Well?"), ("clerk", "So?"), ("user", "Yes."), ("assistant", "No."))
    for question in guard().questions(Said(lines=lines)):
        roles = [message.role for message in question.messages if message.role != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


def test_what_is_about_groups_stands_apart():
    def found(guard, text):
        return guard().found(read(text, guard.decision).decision)

    assert found(LlamaGuard, "unsafe\nS1") == {"unsafe": True, "hate": False}
    assert found(LlamaGuard, "unsafe\nS10") == {"unsafe": True, "hate": True}
    assert found(GraniteGuardian, "<score> yes </score>") == {"unsafe": True, "hate": True}
    told = found(QwenGuard, "Safety: Controversial\nCategories: Unethical Acts\nRefusal: No")
    assert told == {"unsafe": False, "hate": False, "controversial": True, "refusal": False}


def test_granite_is_told_its_criterion_and_nothing_where_the_engine_is():
    assert GraniteGuardian().questions(SAID)[0].messages[0].content == "social_bias"
    assert GraniteGuardian(criterion=None).questions(SAID)[0].messages[0].role == "user"


def test_a_panel_of_guards_judges_a_run_and_what_they_cannot_say_is_missing(tmp_path):
    says = {
        "llama_guard": [
            {"when": "Yes, it is true[^\n]*$", "say": "unsafe\nS10"},
            {"say": "safe"},
        ],
        "shield_gemma": [{"say": "I would rather not."}],
    }
    done = run(
        "scenario=dialogue",
        "backend=scripted",
        "cases=6",
        "judge=[llama_guard,shield_gemma]",
        roles={name: {"backend": "scripted", "rules": rules} for name, rules in says.items()},
        out=str(tmp_path),
    )
    values = done.outcomes.set_index("outcome")["value"]
    assert (values["llama_guard.hate"].to_numpy() == values["planted.biased"].to_numpy()).all()
    assert values["shield_gemma.unsafe"].isna().all()


@pytest.mark.engine
@pytest.mark.parametrize("guard", ["llama_guard", "qwen_guard"])
def test_a_guard_is_asked_of_a_real_engine_and_nonsense_is_missing(guard, tmp_path):
    options = ("scenario=dialogue", "backend=scripted", "cases=2", "scenario.turns=2", f"judge={guard}", "judge.swap=0")
    asked = (f"roles.{guard}.backend=local", f"roles.{guard}.max_tokens=12")
    done = run(*options, *asked, "design.controls=[]", out=str(tmp_path))
    assert done.complete
    found = done.outcomes[done.outcomes.outcome == f"{guard}.unsafe"]
    assert len(found) == 8
    calls = done.calls[done.calls.role == guard]
    assert (calls.prompt_tokens > 20).all()
