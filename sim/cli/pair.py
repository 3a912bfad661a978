"""`simrun show RUN --pair CASE`: both arms of a case side by side, with what each agent was told."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simrun.agents.printable import one_line
from simrun.cli.terminal import outcome_text
from simrun.config.errors import ConfigError, unknown
from simrun.log.manifest import Manifest
from simrun.play.transcripts import transcripts
from simrun.report.render.beside import Piece, aligned, parted
from simrun.report.run import Run
from simrun.report.told import Told, told

MARKS = "«", "»"
"""Around words that differ where there is no colour."""
_PARTS = ("prompts", "turns", "judges")


def arms(manifest: Manifest, arm: str | None) -> tuple[str, str]:
    """The reference and the arm that is compared with it: the first that is no control where none is named.

    ConfigError for an arm that is compared with nothing.
    """
    single = sorted((each for each in manifest.contrasts if each.single), key=lambda each: each.control)
    able = {each.arms[0]: each.references[0] for each in reversed(single)}
    if not able:
        raise ConfigError("this run compares nothing: it has no pairs. simrun show RUN lists its episodes")
    chosen = single[0].arms[0] if arm is None else arm
    if chosen not in able:
        raise unknown("arm that is compared", chosen, list(able))
    return able[chosen], chosen


def pair(run: Run, case: str, arm: str | None, repeat: int) -> tuple[tuple[str, str], tuple[Told, Told]]:
    """Two arms and their transcripts of a case; ConfigError where there is none, or it was not played to its end."""
    manifest, episodes = run.manifests[0], run.episodes
    if case not in manifest.cases:
        raise unknown("case", case, list(manifest.cases))
    both = arms(manifest, arm)
    own = episodes[(episodes["case"] == case) & (episodes["repeat"] == repeat)]
    trials = {str(row.arm): str(row.trial) for row in own.itertuples()}
    wanted = [trials[each] for each in both if each in trials]
    found = {each.trial.arm: told(each) for each in transcripts(run.path, manifest.plan(), manifest.tip(), wanted)}
    for each in both:
        if each not in found:
            raise ConfigError(
                f"case {case!r}, repeat {repeat} (of 0 to {manifest.repeats - 1}) has no outcome in {each}: there is "
                f"no pair. simrun show {run.path.name} says what was played"
            )
    return both, (found[both[0]], found[both[1]])


def show_pair(run: Run, case: str, both: tuple[str, str], found: tuple[Told, Told]) -> None:
    """A column an arm: prompts, then turn beside turn, then what judges said; words that differ are marked. Below
    stand the outcomes that differ."""
    console = Console(highlight=False, width=max(60, shutil.get_terminal_size((120, 24)).columns))
    bare = not console.is_terminal or console.no_color
    table = Table(box=None, padding=(0, 2, 1, 0), expand=True)
    for each in both:
        table.add_column(Text(one_line(f"{case}  [{each}]")), ratio=1, overflow="fold")
    for part in _PARTS:
        left, right = (each[part] for each in found)
        keys = [_speaker(each) for each in left], [_speaker(each) for each in right]
        for one, other in aligned(left, right, keys):
            table.add_row(*_cells(part, one, other, bare))
    console.print(table)
    apart = [(name, *values) for name, values in _outcomes(run, found).items() if len(set(values)) > 1]
    for name, one, other in apart:
        console.print(Text(one_line(f"{name}: {one} | {other}"), style="bold"))
    if not apart:
        console.print(Text("Both arms came to the same in every outcome.", style="bold"))


def _outcomes(run: Run, found: tuple[Told, Told]) -> Mapping[str, tuple[str, str]]:
    """What each arm came to in every outcome that either has."""
    rows = [run.outcomes[run.outcomes["trial"] == each["trial"]].itertuples() for each in found]
    left, right = ({str(row.outcome): outcome_text(row.text, row.value) for row in own} for own in rows)
    return {name: (left.get(name, "-"), right.get(name, "-")) for name in {**left, **right}}


def _speaker(each: Told) -> tuple[Any, ...]:
    return each["role"], each.get("kind"), each.get("chat")


def _cells(part: str, one: Told | None, other: Told | None, bare: bool) -> tuple[Text, Text]:
    texts = ["" if each is None else _said(each) for each in (one, other)]
    mine, theirs = parted(*texts)
    if one is None or other is None:  # all of it differs: to mark it would say nothing
        mine, theirs = ((Piece(text, False),) for text in texts)
    return _cell(part, one, mine, bare), _cell(part, other, theirs, bare)


def _said(each: Told) -> str:
    text = each["text"]
    return str(text if isinstance(text, str) else text[0])


def _cell(part: str, each: Told | None, pieces: Sequence[Piece], bare: bool) -> Text:
    if each is None:
        return Text("-", style="dim")
    note = " was told" if part == "prompts" else " (private)" if each.get("kind") == "private" else ""
    cell = Text.assemble((f"{each['role']}{note}: ", "bold cyan"))
    for piece in pieces:
        _add(cell, piece, bare)
    return cell


def _add(cell: Text, piece: Piece, bare: bool) -> None:
    if not piece.differs or not piece.text.strip():
        cell.append(piece.text)
    elif bare:
        cell.append(piece.text.replace(piece.text.strip(), piece.text.strip().join(MARKS), 1))
    else:
        cell.append(piece.text, style="bold black on yellow")
