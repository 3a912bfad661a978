"""A run's manifest and plan held against the suite that it is said to be of: the plan is derived anew, from our own
code, cases and catalogue, and the manifest may say nothing else."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from math import prod
from pathlib import Path

from simrun.config.errors import ConfigError
from simrun.config.menus import backends
from simrun.leaderboard import suites
from simrun.leaderboard.faults import Fault, Refused, stop
from simrun.leaderboard.packing import planned
from simrun.leaderboard.private import Private
from simrun.leaderboard.submission import PLAN, Header
from simrun.log.chain import LogError
from simrun.log.manifest import Manifest
from simrun.log.manifest import derived as told_again
from simrun.log.manifest import suite as cases_digest
from simrun.log.reach import classes
from simrun.plan.design import Plan

TRIALS, ARMS = 2_000_000, 1_000
"""Of a run that is checked, at most."""
BOUND = suites.Suite(name=suites.CUSTOM, about="What is of no suite.", version=0)
"""What a run of no suite is held to."""


def of(header: Header) -> suites.Suite:
    """The suite that a submission is said to be of. Refused where there is none of that version."""
    if header.suite == suites.CUSTOM:
        return BOUND
    if header.suite not in suites.names():
        raise Refused(Fault(code="suite.unknown", where="", what=f"there is no suite {header.suite!r}"))
    found = suites.suite(header.suite)
    if found.version != header.version:
        what = f"it is of {header.suite}@{header.version}, and this simrun has {found.told}"
        raise Refused(Fault(code="suite.unknown", where="", what=what))
    return found


def drawn(header: Header, manifest: Manifest, private: Private | None) -> suites.Drawn:
    """What a run is to have in place of its suite's own. Refused for a private half that is not at hand. Whether a seed
    was drawn for a commitment is another question."""
    if header.half == "public":
        return suites.Drawn(seed=manifest.config.seed) if header.commitment else suites.OWN
    if private is None or private.suite != header.suite:
        what = f"it is of the private half of {header.suite}, which only the board has"
        raise Refused(Fault(code="suite.half", where="", what=what))
    return private.drawn


def parts(manifests: Sequence[Manifest], of: suites.Suite) -> tuple[suites.Suite, ...]:
    """For each run the suite that it is to be a run of. Refused where the runs are not one of each part, or by
    different engines."""
    if of.name == suites.CUSTOM:
        return (of,) * len(manifests)
    if len(manifests) != len(of.played):
        what = f"it holds {len(manifests)} runs, and {of.told} is {len(of.played)}: {', '.join(of.played)}"
        raise Refused(Fault(code="suite.parts", where="", what=what))
    models = {model for manifest in manifests for model in suites.answering(manifest.engines).values()}
    if len(manifests) > 1 and len(models) > 1:
        told = "; ".join(sorted(" ".join(model) for model in models))
        raise Refused(
            Fault(code="suite.parts", where="", what=f"its runs were answered by several models: {told[:300]}")
        )
    left = list(of.played)
    return tuple(suites.suite(_taken(manifest, left)) for manifest in manifests)


def _taken(manifest: Manifest, left: list[str]) -> str:
    """The part that a run is of, or is nearest to, no more to be had by others."""
    name = min(left, key=lambda part: len(suites.differing(manifest.config, suites.config(part))))
    left.remove(name)
    return name


def check_size(manifest: Manifest, folder: str) -> Iterator[Fault]:
    """More arms or trials than are planned anew."""
    varied = (levels for own in (manifest.config.vary or {}).values() for levels in own.values())
    arms = max(len(manifest.arms), prod(map(len, varied)))
    trials = len(manifest.cases) * arms * max(manifest.repeats, manifest.config.repeats)
    if arms > ARMS or trials > TRIALS:
        what = f"it plans {arms} arms and {trials} trials; at most {ARMS} and {TRIALS} are checked"
        yield Fault(code="file.size", where=folder, what=what)


def check_reach(manifest: Manifest, folder: str) -> Iterator[Fault]:
    """What a manifest names that a board has not, and must not look for."""
    config = manifest.config
    named = [*classes(config), *(f"judge={each}" for each in config.judge.get("names", ()))]
    backend = str(config.backend.get("name"))
    if backend not in backends() and ":" not in backend:
        named.append(f"backend={backend}")
    if config.labels:
        named.append("judge.labels")
    if config.design.stop is not None:
        named.append("design.stop")
    if not named:
        try:
            kind = type(config.played())
        except ConfigError as error:
            yield Fault(code="form.manifest", where=folder, what=str(error)[:500])
            return
        named += [f"scenario.{option}" for option in kind.files() if config.scenario.get(option)]
    if named:
        yield Fault(code="suite.reach", where=folder, what=f"it names {', '.join(named)[:300]}")


def derived(run: Path, folder: str, manifest: Manifest, of: suites.Suite, drawn: suites.Drawn = suites.OWN) -> Plan:
    """The plan of a run, made anew. Refused where the run is no run of the suite, or its manifest says otherwise."""
    plan = _plan(manifest, folder, of, drawn)
    stop(_differing(manifest, plan, folder))
    stop(_planned(run, folder, plan))
    return plan


def _plan(manifest: Manifest, folder: str, of: suites.Suite, drawn: suites.Drawn) -> Plan:
    try:
        if of.name == suites.CUSTOM:
            return manifest.plan()
        stop(_of_suite(manifest, folder, of, drawn))
        return suites.plan(of.name, manifest.config.backend, drawn)
    except (ConfigError, LogError, ValueError) as error:
        raise Refused(Fault(code="suite.derived", where=folder, what=str(error)[:500])) from None


def _of_suite(manifest: Manifest, folder: str, of: suites.Suite, drawn: suites.Drawn) -> Iterator[Fault]:
    if wrong := suites.differing(manifest.config, suites.config(of.name, drawn)):
        yield Fault(
            code="suite.other", where=folder, what=f"it is no run of {of.told}: other are {', '.join(wrong)[:300]}"
        )
    for told in suites.settings(manifest.config.backend, of):
        yield Fault(code="suite.engine", where=folder, what=f"backend.{told}")


def _differing(manifest: Manifest, plan: Plan, folder: str) -> Iterator[Fault]:
    own = Manifest.of(plan, manifest.created)
    due = told_again(plan) | {"catalogue": own.catalogue, "faults": own.faults}
    wrong = [name for name, found in due.items() if getattr(manifest, name) != found]
    wrong += ["suite"] * (manifest.suite != cases_digest(plan)) + ["digest"] * (manifest.digest != own.digest)
    if wrong:
        played, here = (each.versions.get("simrun") for each in (manifest, own))
        what = f"its {', '.join(wrong)} are not what simrun {here} derives anew; it was played by {played}"
        yield Fault(code="suite.derived", where=folder, what=what[:500])
    for role in plan.reference.backends:
        told, name = manifest.engines.get(role, {}).get("backend"), plan.reference.backends[role].name
        if told != name and role not in manifest.judges:
            what = f"{role} is said to be played by {told!r}, and its config has {name!r}"
            yield Fault(code="suite.derived", where=folder, what=what[:500])


def _planned(run: Path, folder: str, plan: Plan) -> Iterator[Fault]:
    try:
        with (run / PLAN).open("rb") as lines:
            for number, (line, due) in enumerate(zip_longest(lines, planned(plan)), 1):
                if line != due:
                    yield Fault(code="suite.plan", where=f"{folder}/{PLAN}", what=f"line {number} is not the plan's")
                    return
    except FileNotFoundError:
        yield Fault(code="suite.plan", where=f"{folder}/{PLAN}", what="it is not there")
