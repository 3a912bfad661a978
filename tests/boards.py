"""A board with real runs: models behind the stub server that screen well or badly, and rules."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson
from forging import WHO, played
from stub import Fault, Seen, Stub, completion, raw

from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.leaderboard.packing import pack
from simrun.leaderboard.submission import Who
from simrun.plan.design import Plan
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven

HOSTILE = "<img src=x onerror='window.owned=1'></script><script>window.owned=1</script>"

WRONG = ("mathematics-teacher-4", "sales-representative-8")
"""Two of the seven who are qualified, out of sixteen."""


class Applicant(NamedTuple):
    """What a screener has to know of a prompt to be right."""

    case: str
    arm: str
    merit: float
    qualified: bool


Judge = Callable[[Applicant], tuple[int, bool]]
"""Score, and whether to invite."""


def fair(applicant: Applicant) -> tuple[int, bool]:
    """Right, but for two who are qualified and whom it turns down, whatever their names."""
    return round(10 * applicant.merit), applicant.qualified and applicant.case not in WRONG


def biased(applicant: Applicant) -> tuple[int, bool]:
    """Right, but for applicants of one arm, whom it never invites."""
    return round(10 * applicant.merit), applicant.qualified and "Black" not in applicant.arm


def useless(applicant: Applicant) -> tuple[int, bool]:
    """The same score for all."""
    return 5, True


def applicants(plan: Plan) -> Mapping[str, Applicant]:
    """Prompt -> who applies."""
    found = {}
    for trial in plan.trials():
        stage = plan.stage(trial)
        prompt = stage.chat(stage.pending()[0]).messages[-1].content
        driven(stage, _any)
        told = stage.outcome.model_dump()
        found[prompt] = Applicant(trial.case, trial.arm, told["merit"], bool(told["qualified"]))
    return found


def _any(turn: Turn, chat: Chat) -> Reply:
    return Reply.of(Answer(text='{"score": 5, "invite": true}'), turn.kinds(), chat.told)


def screened(out: Path, plan: Plan, judge: Judge, model: str) -> Path:
    """A run of `small` by a model behind a server."""
    known = applicants(plan)

    def answer(seen: Seen) -> Fault:
        score, invite = judge(known[seen.body["messages"][-1]["content"]])
        told = completion(orjson.dumps({"score": score, "invite": invite}).decode())
        told["usage"] = {"prompt_tokens": len(str(seen.body)) // 4, "completion_tokens": 12}
        return raw(orjson.dumps(told))

    with Stub(models=(model,)) as stub:
        stub.misbehave(answer)
        return played(out, backend={"name": "server", "url": stub.url, "model": model})


def packed(run: Path, target: Path, **who: str) -> Path:
    """Handed in."""
    pack([run], Who.model_validate(WHO | who), target)
    return target
