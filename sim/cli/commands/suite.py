"""`simrun suite`: the locked suites that runs are compared on."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from simrun.cli.command import DONE, Command, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.leaderboard.suites import Suite


class SuiteCommand(Command):
    """List the locked suites, or show all that one of them locks: `simrun suite=NAME backend=...` plays it."""

    name = "suite"
    action: Annotated[Literal["list", "show"], Word("list|show")]
    """`list` for all of them, `show` for one."""
    suite: Annotated[str | None, Word("NAME")] = None
    """The suite to show."""

    def run(self, as_json: bool) -> int:
        """ConfigError for a suite that there is not."""
        from simrun.leaderboard.suites import names, suite

        if self.action == "list":
            every = [suite(name) for name in names()]
            told = {each.told: each.about for each in every}
            tell(
                json.dumps(told) if as_json else "\n".join(f"{name:16}  {about}" for name, about in told.items()),
                as_json,
            )
            return DONE
        if self.suite is None:
            raise ConfigError(f"simrun suite show NAME: which? There are: {', '.join(names())}")
        found = suite(self.suite)
        tell(json.dumps(_facts(found)) if as_json else "\n".join(_lines(found)), as_json)
        return DONE


def _facts(found: "Suite") -> dict[str, object]:
    from simrun.config.options import UNASKED
    from simrun.leaderboard.suites import FREE, config, plan

    if found.parts:
        return found.model_dump(mode="json")
    own, planned = config(found.name), plan(found.name)
    asked = own.model_dump(mode="json", exclude={*UNASKED, "backend"} - {"metrics"})
    counts = {"cases": list(planned.cases), "arms": [arm.name for arm in planned.arms]}
    owed = sum(1 for _ in planned.trials())
    return {**found.model_dump(mode="json"), "config": asked, "played": counts, "trials": owed, "free": list(FREE)}


def _lines(found: "Suite") -> Iterator[str]:
    facts = _facts(found)
    yield f"{found.told}  {found.about}"
    engine = "".join(f" backend.{key}={value}" for key, value in found.engine.items())
    yield f"play     simrun {'-m ' if found.parts else ''}suite={','.join(found.played)} backend=...{engine}"
    for key, value in facts.items():
        if key not in ("name", "about", "version", "config", "played") and value not in ("", [], {}, 0):
            yield f"{key:8} {', '.join(map(str, value)) if isinstance(value, list) else value}"
    for group in ("config", "played"):
        for key, value in (facts.get(group) or {}).items():  # type: ignore[attr-defined]
            yield f"{group}.{key}: {json.dumps(value)}"
