"""The backends of a plan: each opened once however many roles and arms share it,
after a check that the devices hold them all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from simrun.agents.backends.base import Backend
from simrun.agents.judges.base import Judge
from simrun.agents.judges.replies import OfReplies
from simrun.config.errors import ConfigError
from simrun.plan.design import Plan


class Engines:
    """Who answers for each role in each arm. Raises ConfigError where they claim more of a device than there is."""

    def __init__(self, plan: Plan, only: Collection[str] | None = None):
        """`only` the backends of these roles, where not all are needed."""
        self._plan = plan
        self._made: dict[str, Backend] = {}
        self._of = {
            (arm, role): self._shared(backend)
            for arm, casting in plan.castings.items()
            for role, backend in casting.backends.items()
            if only is None or role in only
        }
        self.watching = tuple(each for each in self.all() if each.watches)
        """Those who want to know who is asked."""
        self.deferred = tuple(each for each in self.all() if each.deferred)
        """Those whose answers come much later."""
        self._audited = {name for name, casting in plan.castings.items() if not casting.arm.scripted}
        """The arms that say something of the agents that are audited: the
        positive control has scripted ones of its own."""

    def _shared(self, backend: Backend) -> Backend:
        return self._made.setdefault(f"{backend.name} {backend.model_dump_json()}", backend)

    def of(self, arm: str, role: str) -> Backend:
        """Who answers for a role in an arm."""
        return self._of[arm, role]

    def all(self) -> Iterable[Backend]:
        """Each backend once."""
        return self._made.values()

    @property
    def expecting(self) -> bool:
        """Whether the run wants forced choices to count as how probable they were."""
        return self._plan.config.outcomes != "sampled"

    @property
    def concurrency(self) -> int:
        """Episodes in flight: as many as the run says, or its tightest backend allows."""
        asked = self.deferred or self.all()  # what answers at once beside them holds nobody up (check_rounds)
        return self._plan.throughput.concurrency or min((each.concurrency for each in asked), default=64)

    async def __aenter__(self) -> "Engines":
        """Open all of them, or none."""
        placed(self.all())
        try:
            for backend in self.all():
                await backend.open()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for backend in self.all():
            await backend.close()

    def identities(self, reference: str) -> dict[str, dict[str, object]]:
        """What answers for each role; arms are named where they differ from the reference."""
        told = {role: backend.identity() for (arm, role), backend in self._of.items() if arm == reference}
        other = {
            f"{role} ({arm})": backend.identity()
            for (arm, role), backend in self._of.items()
            if arm in self._audited and backend != self._of.get((reference, role))
        }
        judges = {each.name: self._judging(each, told) for each in self._plan.reference.judges}
        return told | other | judges

    def _judging(self, judge: Judge, told: Mapping[str, dict[str, object]]) -> dict[str, object]:
        """What answers for a judge, which version of it, and whose words it judges."""
        whom = {"judges": judge.role} if isinstance(judge, OfReplies) else {}
        return {**told.get(judge.name, {"backend": "rules of its own"}), "version": judge.version, **whom}

    def notes(self) -> tuple[str, ...]:
        """What every report on these backends must say."""
        return tuple(
            dict.fromkeys(
                filter(None, (backend.note() for (arm, _), backend in self._of.items() if arm in self._audited))
            )
        )


def placed(backends: Iterable[Backend]) -> None:
    """Check that engines that share a device leave room for each other; ConfigError names those that do not."""
    claims: dict[str, dict[str, float]] = defaultdict(dict)
    for backend in backends:
        for device, share in backend.claims().items():
            name = str(getattr(backend, "model", "") or backend.name)
            # one model is loaded once, however it is asked
            claims[device][name] = max(share, claims[device].get(name, 0.0))
    for device, shares in claims.items():
        if sum(shares.values()) > 1 + 1e-9:
            told = ", ".join(f"{name} {share:g}" for name, share in shares.items())
            raise ConfigError(
                f"{device} is claimed more than once over: {told}. Give each role's model its share, "
                "such as roles.ROLE.memory=0.45, "
                "or another device, such as roles.ROLE.gpus=[1]"
            )
