"""The private half of a suite: other cases of the same generators, drawn in secret, told by their hash, shown later."""

import secrets
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.leaderboard import suites
from simrun.leaderboard.decisions import Decision, decide, decisions
from simrun.leaderboard.submission import digest, written
from simrun.log import files

NUMBER = 2**62
"""Of how many numbers each of two is drawn: nobody tries them all."""


class Private(Record):
    """private.yaml: with it the private half can be played, so that it is kept until it is to be shown."""

    format: Literal[1] = 1
    suite: str
    version: int
    seed: Annotated[int, Field(ge=0, lt=NUMBER)]
    draw: Annotated[int, Field(ge=0, lt=NUMBER)]
    cases: str
    """Digest of the cases that are made."""
    lock: str
    """As the lock of a suite: of every trial with what is asked first in it."""

    @property
    def drawn(self) -> suites.Drawn:
        """What its runs have in place of the suite's own."""
        return suites.Drawn(seed=self.seed, draw=self.draw)

    @property
    def digest(self) -> str:
        """What is told of it beforehand."""
        return digest(self.model_dump(mode="json"))

    @property
    def played(self) -> str:
        """How it is played."""
        return f"simrun suite={self.suite} seed={self.seed} scenario.draw={self.draw}"


def able() -> tuple[str, ...]:
    """The suites whose cases are made by a generator, so that others can be drawn."""
    return tuple(name for name in suites.names() if not suites.suite(name).parts and not fixed(name))


def fixed(name: str) -> str:
    """Why no other cases of a suite can be drawn; "" where they can."""
    own = suites.suite(name)
    if own.parts:
        return f"it is played as {', '.join(own.parts)}: draw those of them that can be drawn"
    played = suites.config(name).played()
    if any(getattr(played, option) for option in played.files()):
        return "its cases are those of a file"
    if "draw" not in type(played).model_fields:
        return f"the cases of {played.name} ({played.mode}) are a fixed bank"
    return ""


def drawn(name: str) -> Private:
    """Another half of a suite, of which nobody knows. ConfigError for one whose cases cannot be drawn anew."""
    own = suites.suite(name)
    if why := fixed(name):
        raise ConfigError(f"suite {name} has no private half: {why}. Suites that have: {', '.join(able())}")
    found = suites.Drawn(seed=secrets.randbelow(NUMBER), draw=secrets.randbelow(NUMBER))
    plan = suites.plan(name, None, found)
    assert found.seed is not None
    assert found.draw is not None
    return Private(
        suite=name,
        version=own.version,
        seed=found.seed,
        draw=found.draw,
        cases=suites.cases(plan),
        lock=suites.lock(plan),
    )


def write(file: Path, given: Private) -> None:
    """A new file that nobody else may read. ConfigError where there is one."""
    told = yaml.safe_dump(given.model_dump(mode="json"), sort_keys=False)
    try:
        files.kept_secret(
            file, f"# The private half of {given.suite}@{given.version}. Keep it until it is shown.\n{told}"
        )
    except OSError as error:
        raise ConfigError(f"{file} was not written: {error.strerror or error}") from None


def read(file: Path) -> Private:
    """The half that a file tells of. ConfigError where it is none, or where this simrun makes other cases of it."""
    found = written(file, Private, "simrun suite draw makes one")
    if found.suite not in able() or found.version != suites.suite(found.suite).version:
        raise ConfigError(f"{file} is of {found.suite}@{found.version}; here can be drawn: {', '.join(able())}")
    plan = suites.plan(found.suite, None, found.drawn)
    if (found.cases, found.lock) != (suites.cases(plan), suites.lock(plan)):
        raise ConfigError(f"{file} was edited, or is of another version of simrun: it makes other cases here")
    return found


def commit(folder: Path, given: Private, who: str) -> Decision:
    """Tell a board of it by its hash."""
    why = f"a private half of {given.suite}@{given.version} was drawn"
    return decide(folder, "private", who, why, evidence={"half": given.digest, "suite": given.suite})


def show(folder: Path, given: Private, who: str) -> Decision:
    """Show it. ConfigError where the board was not told of it before, so that it may have been chosen since."""
    if not told(folder, given):
        raise ConfigError(
            f"{folder} was not told of this private half before: no decision has the hash {given.digest[:24]}; what "
            "was not told beforehand shows nothing"
        )
    evidence = {"half": given.digest, "suite": given.suite, "shown": given.model_dump(mode="json")}
    return decide(
        folder, "private", who, f"the private half of {given.suite}@{given.version} is shown", evidence=evidence
    )


def told(folder: Path, given: Private) -> bool:
    """Whether a board was told of it."""
    return any(each.what == "private" and each.evidence.get("half") == given.digest for each in decisions(folder))
