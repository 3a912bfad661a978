"""What is committed to before a run, and the seed that the board draws for it: against the best of many runs."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simrun.config.errors import ConfigError, explained
from simrun.config.menus import backend, options
from simrun.leaderboard import secret, suites
from simrun.leaderboard.decisions import Decision, decide, decisions
from simrun.leaderboard.faults import Fault
from simrun.leaderboard.submission import Commitment, Who, digest
from simrun.log.manifest import Manifest

LARGEST = 2**16
"""Bytes of a commitment's file."""
CLOCKS = 3600.0
"""Seconds by which the clocks of a board and of whoever plays may differ."""


def committed(name: str, engines: Mapping[str, Mapping[str, Any]], engine: Mapping[str, Any], who: Who) -> Commitment:
    """A new commitment; `engines` are what answers, by role, and `engine` the options of its backend."""
    own, told, chosen = suites.suite(name), answers(engines), which(engine)
    return Commitment(
        suite=name,
        version=own.version,
        answers=told,
        options=chosen,
        who=who,
        plan=without_seed(own, told, chosen),
        nonce=secrets.token_hex(16),
    )


def answers(engines: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Which models answer in a run, each in a line."""
    return tuple(sorted({" ".join(model) for model in suites.answering(engines).values()}))


def which(engine: Mapping[str, Any]) -> dict[str, Any]:
    """Of the options of a backend those that say which model answers, with their defaults."""
    name = str(engine.get("name"))
    own = {**options(backend(name)), **engine}
    return {"name": name, **{key: own[key] for key in suites.WHICH if key in own}}


def without_seed(own: suites.Suite, answers: Sequence[str], options: Mapping[str, Any]) -> str:
    """Digest of all that is known of a run before its seed is."""
    locked = [[name, suites.suite(name).version, suites.suite(name).lock] for name in own.played]
    return digest({"suite": own.told, "parts": locked, "answers": list(answers), "options": options})


def read(file: Path) -> Commitment:
    """A commitment out of its file, which anybody may have written; ConfigError where it is none."""
    try:
        with file.open("rb") as content:
            told = content.read(LARGEST + 1)
        if len(told) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes")
        return Commitment.model_validate_json(told)
    except ValidationError as error:
        raise ConfigError(f"{file} is no commitment: {explained(error)}; simrun submit prepare makes one") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}; simrun submit prepare makes one") from None


def draw(folder: Path, given: Commitment, own: str, who: str) -> Decision:
    """The decision by which a commitment has its seed: the one that there is, else a new one, with the board's `own`
    secret. ConfigError for a commitment to what this simrun does not have, and for a secret that was not told before.
    """
    if found := of(decisions(folder), given):
        return found
    suite = suites.suite(given.suite)
    if given.version != suite.version or given.plan != without_seed(suite, given.answers, given.options):
        raise ConfigError(
            f"the commitment is to {given.suite}@{given.version} as another simrun has it, or was edited; this one has "
            f"{suite.told}"
        )
    secret.check_committed(folder, own)
    told = {
        "commitment": given.digest,
        "seed": secret.number(own, "seed", given.digest),
        "secret": secret.digest(own),
        "suite": suite.told,
        "answers": list(given.answers),
        "who": given.who.name,
    }
    return decide(folder, "draw", who, "the seed of a run that was committed to", evidence=told)


def of(found: Sequence[Decision], given: Commitment) -> Decision | None:
    """The first draw for a commitment."""
    return next(
        (each for each in found if each.what == "draw" and each.evidence.get("commitment") == given.digest), None
    )


def unused(found: Sequence[Decision]) -> tuple[Decision, ...]:
    """The draws for which nothing stands on the board: what was played under their seeds, nobody knows."""
    taken = {each.evidence.get("commitment") for each in found if each.what == "add"}
    return tuple(each for each in found if each.what == "draw" and each.evidence.get("commitment") not in taken)


def faults(
    given: Commitment, who: Who, manifests: Sequence[Manifest], found: Sequence[Decision] | None
) -> Iterator[Fault]:
    """What does not fit between a commitment, the runs that are said to be its, and the decisions of a board; None for
    those that are not at hand."""
    yield from _committed(given, who, manifests)
    seeds = sorted({manifest.config.seed for manifest in manifests})
    if len(seeds) > 1:
        yield _fault("draw.seed", f"its runs have the seeds {', '.join(map(str, seeds[:5]))}; one is drawn for all")
    if found is None:
        yield _fault("draw.unchecked", "whether its seed was drawn for this commitment is known to the board alone")
        return
    if (drawn := of(found, given)) is None:
        yield _fault("draw.none", f"the board drew no seed for commitment {given.digest[:24]}")
        return
    if seeds != [drawn.evidence.get("seed")]:
        yield _fault("draw.seed", f"it was played with seed {seeds[0]}, and {drawn.evidence.get('seed')} was drawn")
    if any(manifest.created < drawn.at - CLOCKS for manifest in manifests):
        yield _fault("draw.early", "it is said to have begun before its seed was drawn")


def _committed(given: Commitment, who: Who, manifests: Sequence[Manifest]) -> Iterator[Fault]:
    if given.who != who:
        yield _fault("draw.commitment", f"{given.who.name} committed to it, and {who.name} hands it in")
    if given.plan != without_seed(suites.suite(given.suite), given.answers, given.options):
        yield _fault("draw.commitment", "its digest is not that of what it says")
    for at, manifest in enumerate(manifests):
        for how, told, due in (
            ("answered by", answers(manifest.engines), given.answers),
            ("played with", which(manifest.config.backend), dict(given.options)),
        ):
            if told != due:
                what = f"it was {how} {told!r}, and {due!r} was committed to"
                yield Fault(code="draw.commitment", where=f"{at:02d}", what=what[:500])


def _fault(code: str, what: str) -> Fault:
    return Fault(code=code, where="", what=what)
