"""`simrun submit`: runs packed into one file for a leaderboard, and such a file checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import model_validator

from simrun.cli.command import DONE, HELD, REFUSED, Command, Dashed, Out, Value, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.leaderboard.check import Checked, Part
    from simrun.leaderboard.private import Private


class Submit(Command):
    """Pack runs into one file, or check such a file as a board does.

    `simrun submit pack RUN ... --who FILE -o FILE`, `simrun submit check FILE`.
    """

    name = "submit"
    action: Annotated[Literal["pack", "check"], Word("pack|check")]
    """`pack` for runs, `check` for packed files."""
    given: Annotated[tuple[str, ...], Word("RUN|FILE ...")] = ()
    """Runs: folders, ends of their names, or `last`; or the packed files to check."""
    who: Annotated[Path | None, Dashed("FILE")] = None
    """To pack: who hands it in, in YAML: name, contact, relation (to the model's maker: none, maker, paid or other),
    licence (of the logs)."""
    output: Annotated[Path | None, Dashed("FILE", key="-o")] = None
    """To pack: the file to write."""
    suite: Annotated[str | None, Value("NAME")] = None
    """To pack: what they are runs of; found by their options when not given, else `custom`, which is not ranked."""
    commitment: Annotated[Path | None, Value("FILE")] = None
    """To pack: what was committed to before (`simrun submit prepare`), of runs under the seed that was drawn for it."""
    private: Annotated[Path | None, Value("FILE")] = None
    """Of runs of a private half (`simrun suite draw`): the file that tells of it, to pack and to check."""
    board: Annotated[Path | None, Value("FOLDER")] = None
    """To check: the folder of a board, in whose decisions the draw of a seed is looked up."""
    beside: Annotated[Path | None, Value("DIR")] = None
    """To check: a folder of other packed files (*.zip), with which it is compared."""
    out: Out = "runs"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.given:
            raise ValueError(f"submit {self.action}: name {'a run' if self.action == 'pack' else 'a packed file'}")
        if self.action == "pack" and not (self.who and self.output):
            raise ValueError("submit pack takes --who FILE and -o FILE")
        return self

    def run(self, as_json: bool) -> int:
        """0 where nothing is wrong, 4 for what is refused, 5 for what somebody has to look at."""
        return self._pack(as_json) if self.action == "pack" else self._check(as_json)

    def _pack(self, as_json: bool) -> int:
        from simrun.leaderboard.commitment import read
        from simrun.leaderboard.packing import pack, who
        from simrun.leaderboard.suites import CUSTOM, names
        from simrun.log.places import find

        assert self.who
        assert self.output
        if self.suite not in (None, CUSTOM, *names()):
            raise ConfigError(f"suite={self.suite}: there are {', '.join(names())}, and {CUSTOM}")
        runs, given = [find(run, self.out) for run in self.given], read(self.commitment) if self.commitment else None
        half = self._half()
        name = half.suite if half else self.suite
        header = pack(runs, who(self.who), self.output, name, given, "private" if half else "public")
        lines = (
            f"{self.output}: {header.runs} runs of {header.suite}@{header.version}, handed in by {header.who.name}",
            f"check it as a board will: simrun submit check {self.output}",
        )
        tell(header.model_dump_json() if as_json else "\n".join(lines), as_json)
        return DONE

    def _half(self) -> "Private | None":
        from simrun.leaderboard.private import read

        return read(self.private) if self.private else None

    def _check(self, as_json: bool) -> int:
        from simrun.leaderboard.check import checked

        beside = sorted(self.beside.glob("*.zip")) if self.beside else []
        found = [checked(Path(file), beside, self.board, self._half()) for file in self.given]
        told = "\n".join(line for each in found for line in lines(each))
        json = f"[{','.join(each.model_dump_json() for each in found)}]"
        tell(json if as_json else told, as_json)
        states = {each.state for each in found}
        return REFUSED if "refused" in states else HELD if "held" in states else DONE


PREPARED = {"no": "not prepared", "unchecked": "prepared, the draw not looked up", "drawn": "under the seed drawn"}


def lines(found: "Checked") -> Iterator[str]:
    """What the check of a file came to, in words."""
    standing = f", {found.standing}, {PREPARED[found.prepared]}" if found.standing else ""
    yield f"{found.file}: {found.state}{standing}"
    yield from (f"  {fault.line}" for fault in found.faults)
    for part in found.parts:
        yield from _part(part)


def _part(part: "Part") -> Iterator[str]:
    from simrun.report.figures import table

    engines = {str(told.get("model") or told.get("backend")) for told in part.engines.values()}
    yield f"  {part.run} ({part.suite}), played by {', '.join(sorted(engines))}"
    head = ("arm", "episodes", "failed", "calls", "refused", "unreadable", "truncated")
    rows = [tuple(getattr(arm, "name" if name == "arm" else name) for name in head) for arm in part.arms]
    yield from (f"  {line}" for line in table(head, rows).splitlines())
