"""A scenario's seat as an environment of `verifiers`: its trials are the tasks, its stage is what the model talks to.

    pip install 'simrun[verifiers]'
    vf-eval simrun-verifiers --env.taskset.scenario clinic --env.taskset.seat doctor \\
        --env.taskset.overrides backend=scripted cases=8

Each turn of the seat is one call whose messages are those that a run would send, so what is said aside,
or for one turn only, is not in the next call; a trace has a branch wherever that breaks the prefix.
Sampling and its seeds are those of `verifiers`.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions import ChatCompletions
from simrun.agents.records import Answer, Chat
from simrun.envs.live import Live
from simrun.envs.options import Terms
from simrun.envs.rewards import Fair
from simrun.envs.session import Session, planned
from simrun.plan.design import Plan
from simrun.scenarios.outcome import Outcome

try:
    import verifiers.v1 as vf
except ImportError as error:
    raise ImportError(f"simrun.envs.verifiers needs verifiers 0.4: pip install 'simrun[verifiers]' ({error})") from None

OWN = {"seed": None, "temperature": None, "max_tokens": None}
"""What a request leaves to the sampling options of `verifiers`: a seed would make all rollouts of a task alike."""


class TrialsConfig(vf.TasksetConfig):  # type: ignore[misc]
    """`--env.taskset.*`: which seat of which run."""

    scenario: str = "clinic"
    seat: str = "doctor"
    overrides: list[str] = []
    """As on simrun's command line, such as `backend=local` for the other seats."""
    pay: str = "simrun.envs:accuracy"
    """module:function (outcome, role) -> what an episode pays."""
    fair: float = Field(0.0, ge=0)
    """With a weight above 0 a task is a pair, one case in the reference arm and in another, and each of its two
    episodes pays less this weight x how much they differ."""
    field: str = ""
    """The outcome that should not differ; as in `Fair` when not given."""


class TrialData(vf.TaskData):  # type: ignore[misc]
    """A case, and the one arm or the two in which it is played."""

    case: str
    repeat: int
    arms: tuple[str, ...]


class Asked(vf.State):  # type: ignore[misc]
    """What the seat is asked now, and what came back."""

    chat: Chat | None = None
    answer: Answer | None = None


class TrialTask(vf.Task[TrialData, Asked, vf.TaskConfig]):  # type: ignore[misc]
    """A trial, or the two of a pair."""


class Trials(vf.Taskset[TrialTask, TrialsConfig]):  # type: ignore[misc]
    """The trials of a plan without control arms, in its order."""

    @cached_property
    def plan(self) -> Plan:
        """With the model in the seat. ConfigError for a run that cannot be as asked."""
        asked = self.config
        if asked.system_prompt is not None:
            raise ValueError(
                "taskset.system_prompt: what a seat is told is its scenario's; give "
                "another scenario.wording in overrides"
            )
        return planned(asked.overrides, {"scenario": asked.scenario}, (asked.seat,), None)

    def load(self) -> Iterator[TrialTask]:
        """One task a trial, or a pair of them."""
        first = self.plan.arms[0].name
        fair = self.config.fair > 0
        owed = {(trial.case, trial.repeat, trial.arm) for trial in self.plan.trials()}
        for trial in self.plan.trials():
            if fair and (trial.arm == first or (trial.case, trial.repeat, first) not in owed):
                continue
            arms = (first, trial.arm) if fair else (trial.arm,)
            told = TrialData(
                id=trial.id,
                name=f"{trial.case} {trial.arm} {trial.repeat}",
                case=trial.case,
                repeat=trial.repeat,
                arms=arms,
            )
            yield TrialTask(told, self.config.task)


class Endpoint(ChatCompletions):
    """The address at which `verifiers` listens for the calls of one rollout."""

    name: ClassVar[str] = "verifiers"

    def connect(self, url: str, key: str, model: str) -> None:
        """Begin to ask there."""
        self._connect([url], key, model)


class OneCall(vf.Harness[vf.HarnessConfig]):  # type: ignore[misc]
    """Answers the chat that the seat is asked by one call, in this process."""

    EXECUTES_CODE: ClassVar[bool] = False
    NEEDS_CONTAINER: ClassVar[bool] = False

    async def launch(
        self, ctx: Any, trace: Any, runtime: Any, endpoint: str, secret: str, mcp_urls: Any, data: Any
    ) -> Any:
        """Ask. BackendError when the endpoint fails after all retries."""
        backend = Endpoint(extra=OWN)
        backend.connect(endpoint, secret, ctx.model)
        try:
            trace.state.answer = await backend.reply(trace.state.chat)
        finally:
            await backend.close()
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")

    async def resume(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: Any,
        data: Any,
        messages: Any,
        gate: Any = None,
    ) -> Any:
        """Ask again: a chat holds all that was said, so nothing is added to it."""
        return await self.launch(ctx, trace, runtime, endpoint, secret, mcp_urls, data)


class SeatConfig(vf.EnvConfig):  # type: ignore[misc]
    """`--env.seat.*`: the model in the seat."""

    seat: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())


class SeatEnv(vf.Env[SeatConfig]):  # type: ignore[misc]
    """Plays a task's trial, or the two of its pair one after the other; other seats are answered by their backends."""

    async def start(self) -> None:
        """Open the engines of the other seats."""
        self._session = Session(self.taskset.plan, Terms())
        await self._session.open()

    async def stop(self) -> None:
        """Close them."""
        if session := vars(self).get("_session"):
            await session.engines.__aexit__()

    async def run(self, task: Any, agents: Any) -> None:
        """One episode."""
        for arm in task.data.arms:
            await self._played(task, arm, agents.seat)

    async def _played(self, task: Any, arm: str, agent: Any) -> None:
        session = self._session
        live = await session.begin(session.plan.trial(task.data.case, arm, task.data.repeat))
        try:
            async with agent.interaction(task) as talk:
                await self._talked(live, talk)
                outcome = live.stage.outcome
                talk.trace.info |= {"arm": arm, "outcome": outcome.model_dump(mode="json") if outcome else None}
        except BackendError as error:
            session.broken(live, error.kind, str(error))
            raise
        if not live.stage.over:
            session.broken(live, "truncated", "the rollout ended before the episode")

    async def _talked(self, live: Live, talk: Any) -> None:
        """The seat speaks until the episode is over, or the rollout has met a limit."""
        seat = self.taskset.config.seat
        while asked := live.asked(seat):
            talk.trace.state.chat = asked[1]
            if (await talk.turn(asked[1].messages[-1].content)).terminated:
                return
            if self._session.say(live, seat, talk.trace.state.answer):
                await self._session.others(live)

    async def finalize(self, task: Any, episode: Any) -> None:
        """Pay each episode, and note what it came to; one without an outcome pays 0."""
        told = {trace.id: self._outcome(trace.info.get("outcome")) for trace in episode.traces}
        for trace in episode.traces:
            outcome = told[trace.id]
            others = [other for name, other in told.items() if name != trace.id and other is not None]
            trace.record_reward("pay", self._paid(outcome, others[0] if others else None) if outcome else 0.0)
            means = {name: outcome.mean(name) for name in type(outcome).measured()} if outcome else {}
            for name, value in means.items():
                if value is not None:
                    trace.record_metric(name, value)

    def _outcome(self, fields: dict[str, Any] | None) -> Outcome | None:
        return self.taskset.plan.reference.scenario.outcome.model_validate(fields) if fields else None

    def _paid(self, outcome: Outcome, other: Outcome | None) -> float:
        asked = self.taskset.config
        return Fair(weight=asked.fair, field=asked.field, base=asked.pay)(outcome, asked.seat, other)
