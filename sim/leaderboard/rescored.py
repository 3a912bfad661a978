"""The second reading of a run's log: every prompt rendered anew, every reply read anew, every outcome scored anew."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from simrun.agents.records import Record
from simrun.leaderboard.faults import Fault, Refused
from simrun.leaderboard.suites import DEMONSTRATIONS, Suite
from simrun.leaderboard.traces import Traces
from simrun.log.chain import LogError
from simrun.log.lines import Played
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan
from simrun.play.replay import UNREPLAYED, replayed, whole

PROBLEMS = ("refused", "unreadable", "truncated")


class Arm(Record):
    """What came of the episodes of an arm. Replies that failed count: they are findings about the model."""

    name: str
    episodes: int = 0
    failed: int = 0
    """Trials that ended in an error."""
    calls: int = 0
    refused: int = 0
    unreadable: int = 0
    truncated: int = 0


class Rescored:
    """One run, played again from its log."""

    def __init__(self, run: Path, folder: str, plan: Plan, manifest: Manifest, of: Suite):
        self._run, self._folder, self._plan, self._manifest, self._suite = run, folder, plan, manifest, of
        self._counts: dict[str, Counter[str]] = {arm.name: Counter() for arm in plan.arms}
        self._traces = Traces(folder, plan, str(manifest.config.backend.get("name")) in DEMONSTRATIONS)

    def faults(self) -> Iterator[Fault]:
        """All that does not come out as it is logged, and then what fabrication leaves."""
        try:
            for played in replayed(self._run, self._plan, self._manifest, spare=True):
                yield from self._of(played)
        except LogError as error:
            raise Refused(self._fault("chain.broken", str(error).replace(f"{self._run}/", ""))) from None
        yield from self._traces.faults()

    def _fault(self, code: str, what: str) -> Fault:
        return Fault(code=code, where=self._folder, what=what[:500])

    def _of(self, played: Played) -> Iterator[Fault]:
        trial, counts = played.trial, self._counts[played.trial.arm]
        if played.stage is not None:
            counts.update(["episodes"], calls=len(played.calls))
            counts.update(entry.problem for entry in played.stage.transcript if entry.problem)
            called = {call.role for call in played.calls}
            if silent := [role for role in self._suite.audited if role not in called]:
                what = f"trial {trial.id}: {', '.join(silent)} was never called"
                yield self._fault("replay.role", what)
            self._traces.add(played)
        elif played.episode.error == UNREPLAYED:
            yield self._fault("replay.differs", f"trial {trial.id}: {played.episode.message}")
        elif whole(self._plan, trial, played.calls):
            what = (
                f"trial {trial.id} is logged as an error ({played.episode.error[:40]}), and its calls play to its end"
            )
            yield self._fault("replay.error", what)

    def arms(self, failed: Mapping[str, int]) -> tuple[Arm, ...]:
        """What came of each arm, once all was read."""
        return tuple(
            Arm(name=name, failed=failed.get(name, 0), **{key: own[key] for key in ("episodes", "calls", *PROBLEMS)})
            for name, own in self._counts.items()
        )
