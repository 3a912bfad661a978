"""`simrun board`: a leaderboard in a folder: packed runs taken, withdrawn, scored anew, and the page made of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import model_validator

from simrun.cli.command import DONE, HELD, REFUSED, Command, Dashed, Value, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError


class Board(Command):
    """Keep a leaderboard: take packed runs, withdraw them, score them anew, make its page.

    `simrun board add FOLDER FILE ...`, `remove FOLDER ENTRY`, `rescore FOLDER [ENTRY ...]`, `build FOLDER`. All but
    `build` take --who and --why, and append to FOLDER/decisions.jsonl.
    """

    name = "board"
    action: Annotated[Literal["add", "remove", "rescore", "build"], Word("add|remove|rescore|build")]
    """What is done."""
    folder: Annotated[Path, Word("FOLDER")]
    """The board; made at the first `add`."""
    given: Annotated[tuple[str, ...], Word("FILE|ENTRY ...")] = ()
    """To add: packed files. Else: entries, by the beginning of their SHA-256, or by the packed file."""
    who: Annotated[str, Dashed("NAME")] = ""
    """Who decides."""
    why: Annotated[str, Dashed("REASON")] = ""
    """Why, for whoever reads the board."""
    accept: Annotated[str, Dashed("CODE=REASON")] = ""
    """To add what is held: each code with the reason why it is taken all the same, several with `;` between them."""
    private: Annotated[Path | None, Value("FILE")] = None
    """To add a run of a private half: the file that tells of it."""
    erase: bool = False
    """To remove: the packed file goes too."""
    output: Annotated[Path | None, Dashed("SITE", key="-o")] = None
    """To build: where the page is written; FOLDER/site when not given."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.action != "build" and not (self.who.strip() and self.why.strip()):
            raise ValueError(f"board {self.action} takes --who NAME and --why REASON: they are kept with the decision")
        if self.action in ("add", "remove") and not self.given:
            raise ValueError(f"board {self.action}: name {'a packed file' if self.action == 'add' else 'an entry'}")
        return self

    def run(self, as_json: bool) -> int:
        """0 where all was done, 4 where a file is refused, 5 where one is held; ConfigError for no board."""
        if self.action == "add":
            return self._add(as_json)
        if not self.folder.is_dir():
            raise ConfigError(f"{self.folder} is no board; simrun board add {self.folder} FILE makes one")
        return {"remove": self._remove, "rescore": self._rescore, "build": self._build}[self.action](as_json)

    def _add(self, as_json: bool) -> int:
        from simrun.cli.commands.submit import lines
        from simrun.leaderboard.board import add
        from simrun.leaderboard.private import read

        accept = _accepted(self.accept)
        half = read(self.private) if self.private else None
        found = [add(self.folder, Path(file), self.who, self.why, accept, half) for file in self.given]
        told = "\n".join(line for each in found for line in lines(each))
        tell(f"[{','.join(each.model_dump_json() for each in found)}]" if as_json else told, as_json)
        if any(each.state == "refused" for each in found):
            return REFUSED
        return HELD if any(fault.code not in accept for each in found for fault in each.faults) else DONE

    def _remove(self, as_json: bool) -> int:
        from simrun.leaderboard.board import remove

        gone = [remove(self.folder, each, self.who, self.why, self.erase).id for each in self.given]
        tell(json.dumps(gone) if as_json else "\n".join(f"{each} is withdrawn" for each in gone), as_json)
        return DONE

    def _rescore(self, as_json: bool) -> int:
        from simrun.leaderboard.board import rescore

        told = rescore(self.folder, self.given, self.who, self.why)
        tell(json.dumps(told) if as_json else "\n".join(_lines(told)), as_json)
        return DONE

    def _build(self, as_json: bool) -> int:
        from simrun.leaderboard.site import build

        page, faults = build(self.folder, self.output or self.folder / "site")
        told = {"page": str(page), "without a report": faults}
        tell(json.dumps(told) if as_json else "\n".join((str(page), *_lines(faults))), as_json)
        return DONE


def _lines(told: Mapping[str, str]) -> Iterator[str]:
    return (f"{key}  {each}" for key, each in told.items())


def _accepted(given: str) -> dict[str, str]:
    """Code -> why; ConfigError for a code that there is not, or that refuses, or has no reason."""
    from simrun.leaderboard.faults import RULES

    found = {}
    for each in filter(None, map(str.strip, given.split(";"))):
        code, _, why = (part.strip() for part in each.partition("="))
        held = sorted(code for code, rule in RULES.items() if not rule.grave)
        if code not in held or not why:
            raise ConfigError(f"--accept {each!r}: write CODE=REASON, with CODE one of {', '.join(held)}")
        found[code] = why
    return found
