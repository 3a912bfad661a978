"""`simrun board ask`: a submission's model is asked again, by the board."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import PositiveInt

from simrun.cli.command import DONE, Command, Dashed, Overrides, Value, Word
from simrun.cli.telling import say, tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.leaderboard.asking import Asked, Sample


class BoardAsk(Command):
    """Ask a random sample of a submission's trials again, and hold what was logged against what is answered now.

    Each trial is asked twice, by the engine that is named here, under seeds of the board's own. It differs where the
    logged answer is more unlike the two than they are unlike each other; what was asked is kept in FOLDER/asked.
    """

    name = "board_ask"
    reads = ("backend", "model", "url")
    folder: Annotated[Path, Word("FOLDER")]
    """The board."""
    entry: Annotated[str, Word("ENTRY")]
    """An entry, by the beginning of its SHA-256; or a packed file."""
    who: Annotated[str, Dashed("NAME")]
    """Who decides."""
    pairs: Annotated[PositiveInt, Value("N")] = 32
    """How many cases (each in a repeat, with all its arms) are asked again, at random."""
    part: Annotated[str, Value("SUITE")] = ""
    """Of a suite of several: which; its first when not given."""
    private: Annotated[Path | None, Value("FILE")] = None
    """Of runs of a private half: the file that tells of it."""
    seed: Annotated[int | None, Value("N")] = None
    """By which the sample is drawn; at random when not given, so that nobody knows it beforehand."""
    overrides: Overrides = ()

    def run(self, as_json: bool) -> int:
        """ConfigError for a submission that is refused, or of no suite."""
        from simrun.leaderboard.asking import asked, sampled
        from simrun.leaderboard.board import digest, entry, packed
        from simrun.leaderboard.check import checked
        from simrun.leaderboard.decisions import decide
        from simrun.leaderboard.private import read
        from simrun.log import files

        named = Path(self.entry)
        file = named if named.is_file() else packed(self.folder, entry(self.folder, self.entry).file)
        half = read(self.private) if self.private else None
        if faults := [fault for fault in checked(file, (), self.folder, half).faults if fault.rule.grave]:
            raise ConfigError(f"{file} is refused, and there is nothing to ask again: {faults[0].line}")
        seed = secrets.randbelow(2**31) if self.seed is None else self.seed
        sample = sampled(file, self.pairs, self.overrides, seed, self.part, half)
        for line in _beforehand(sample):
            say(line)
        done = asked(sample)
        name = digest(file)
        kept = self.folder / "asked" / f"{name[:16]}-{seed}.json"
        files.folder(kept.parent)
        files.replace(kept, (told := done.model_dump_json()).encode() + b"\n")
        evidence = done.model_dump(mode="json", exclude={"board"}) | {"seed": seed, "answers": f"asked/{kept.name}"}
        evidence["digest"] = digest(kept)
        decide(self.folder, "ask", self.who, _why(done), name, evidence)
        tell(told if as_json else "\n".join(_lines(done)), as_json)
        return DONE


def _why(done: "Asked") -> str:
    return f"asked again: {done.verdict} (p {done.p:.3g}, {done.trials} trials of {done.cases} cases, twice)"


def _beforehand(sample: "Sample") -> Iterator[str]:
    yield f"{sample.pairs} pairs are asked again, twice each: {2 * len(sample.trials)} episodes"
    chances = ", ".join(f"{share:.0%}: {chance:.2f}" for share, chance in sample.chances().items())
    yield (
        f"chance of finding that a share of the answers was altered, of a model that agrees with itself in "
        f"{sample.floor:.0%} (the log's own control): {chances}"
    )


def _lines(done: "Asked") -> Iterator[str]:
    from simrun.report.figures import table

    yield _why(done)
    yield f"the model's own two answers agree in {done.floor:.0%} of the outcomes"
    if done.verdict != "differs":
        least = "no share of altered answers" if done.least is None else f"{done.least:.0%} altered answers, and more,"
        yield f"{least} would have been found in four of five"
    rows = [(each.name, f"{each.value:+.3f}", f"{each.p:.3g}", f"{each.adjusted:.3g}") for each in done.figures[:6]]
    yield table(("logged against asked again", "by", "p", "p of all"), rows)
