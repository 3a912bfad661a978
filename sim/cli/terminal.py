"""What a person sees while and after a run: progress on stderr, results on stdout."""

import asyncio
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from simrun.agents.printable import indented, one_line, printable
from simrun.cli.command import DONE, ERRORS, INTERRUPTED
from simrun.cli.telling import say, tell
from simrun.log.manifest import Manifest
from simrun.log.store.address import told as named
from simrun.plan.design import Plan
from simrun.play.cost import cost
from simrun.play.prompts import Reuse
from simrun.play.watch import Watch, progress
from simrun.report.figures import table
from simrun.report.render.json import json as as_one_object
from simrun.report.render.markdown import markdown
from simrun.report.render.terminal import Line, brief
from simrun.report.run import Run, Watching
from simrun.report.vocabulary import HEAD as WORDS
from simrun.report.vocabulary import Vocabulary, vocabulary_rows

_REFRESH, _PLAIN = 0.25, 60.0
"""Seconds between progress updates on a terminal, and between plain lines elsewhere."""
REPORTS = (("page", "report.html"), ("report", "report.md"))
"""What a person opens of a run, and under which word it is named."""
_STYLES = {"verdict": "bold cyan", "warning": "yellow", "failed": "bold red", "cause": "red"}


class Progress(Watching):
    """A live line on a terminal, now and then a plain one elsewhere."""

    def planned(self, plan: Plan) -> None:
        """How large a new run is and what it costs, before anything is asked."""
        try:
            told = cost(plan).told()
        except Exception:  # the script may fail where those who will play do not; each trial says so itself
            return
        say(f"size   {told}")

    def about(self, path: Path, watch: Watch) -> None:
        """Say where the run is kept and how to go on with it, before anything can go wrong."""
        say(f"run    {path}")
        say(f"resume simrun resume {named(path)}")
        manifest = Manifest.read(path)
        asked, there = manifest.config.cases, len(manifest.cases)
        if isinstance(asked, int) and asked > there:
            say(f"cases={asked}: there are {there} of this scenario, and all are played")
        if watch.done:
            say(f"{watch.done} of {watch.owed} episodes are done already")

    async def follow(self, watch: Watch) -> None:
        """Show progress until cancelled."""
        try:
            if sys.stderr.isatty():
                await self._live(watch)
            else:
                await self._plain(watch)
        finally:
            say(line(watch))

    async def _live(self, watch: Watch) -> None:
        with Live(Text(""), console=Console(stderr=True), refresh_per_second=1 / _REFRESH, transient=True) as live:
            while True:
                live.update(Text(line(watch)))
                await asyncio.sleep(_REFRESH)

    async def _plain(self, watch: Watch) -> None:
        while True:
            await asyncio.sleep(_PLAIN)
            say(line(watch))


def line(watch: Watch) -> str:
    """The progress of a run in one line."""
    figures: Mapping[str, Any] = progress(watch)
    parts = [
        f"{figures['done']}/{figures['owed']} episodes",
        f"{figures['calls_per_second']:.1f} calls/s",
        f"{figures['tokens_per_second']:.0f} tokens/s",
    ]
    parts += [f"{count} {kind}" for kind, count in figures["errors"].items()]
    if figures["eta"]:
        parts.append(f"{figures['eta'] / 60:.0f} min left" if figures["eta"] > 90 else f"{figures['eta']:.0f} s left")
    if watch.stopping:
        parts.append(
            f"stopping: waiting for the episodes in flight{_grace(watch)} (Ctrl-C again drops them)"
            if watch.stopping == "interrupted"
            else "stopping"
        )
    return "  ".join(parts)


def _grace(watch: Watch) -> str:
    return f", {watch.grace:g} s at most" if watch.grace is not None else ""


def ended(run: Run, as_json: bool, full: bool = False) -> int:
    """What it came to, and where its report is, to stdout; how to go on to stderr; the exit code of what it came to.

    `full` prints the report, of a run in which anything was played.
    """
    report = run.report()
    if as_json:
        tell(as_one_object(report.model_copy(update={"run": str(run.path)})), as_json)
    elif full and report.value("design", "done"):
        show_markdown(markdown(report))
    else:
        show_lines((*brief(report), *(Line(kind, str(run.path / "report" / name)) for kind, name in REPORTS)))
    if not run.complete:
        owed, done = run.scored.manifest.owed, run.scored.played.done
        say(f"{owed - done} of {owed} episodes are owed; go on with: simrun resume {named(run.path)}")
    if run.stopped and run.stopped != "interrupted":
        say(f"stopped early: {run.stopped}")
    return DONE if run.complete else INTERRUPTED if run.stopped == "interrupted" else ERRORS


def show_lines(lines: Sequence[Line]) -> None:
    """Each within the width of the terminal, or of 120 columns; what is cut stands in the report."""
    room = shutil.get_terminal_size((120, 24)).columns
    width = max(len(each.kind) for each in lines)
    console = Console(highlight=False)
    for each in lines:
        # where a file is must be whole to be of use
        most = None if each.kind in dict(REPORTS) else max(room, 60) - width - 2
        text = one_line(each.text) if most is None else shorten(each.text, most, placeholder=" …")
        console.print(
            Text.assemble((f"{each.kind:{width}}", _STYLES.get(each.kind, "bold")), f"  {text}"), soft_wrap=True
        )


def show_markdown(text: str) -> None:
    """Markdown to stdout: rendered on a terminal, as it is elsewhere."""
    if sys.stdout.isatty():
        Console().print(Markdown(printable(text)))
    else:
        tell(text)


def show_episodes(run: Run) -> None:
    """One line an episode, in playing order, after the number by which `simrun show RUN NUMBER` shows it."""
    kind = run.manifests[0].outcome
    fields = (kind.accuracy, *(name for name, info in kind.model_fields.items() if info.annotation is str))
    shown = {(row.trial, row.outcome): outcome_text(row.text, row.value) for row in run.outcomes.itertuples()}
    width = len(str(max(len(run.episodes) - 1, 0)))
    for place, episode in enumerate(run.episodes.sort_values("at", kind="stable").to_dict("records")):
        came = " ".join(
            f"{field}={shown[episode['trial'], field]}" for field in fields if (episode["trial"], field) in shown
        )
        where = f"{episode['case']}  [{episode['arm']}]  repeat {episode['repeat']}  {episode['calls']} calls"
        tell(
            one_line(
                f"{place:{width}}  {episode['trial']}  {episode['state']:5}  {where}  {came}{_text(episode['message'])}"
            )
        )


def show_words(found: Sequence[Vocabulary]) -> None:
    """Which words one arm says more than the other, role by role."""
    for each in found:
        differ = f"{len(each.uses)} of {each.tested} words differ ({each.pairs} pairs)"
        tell("\n" + one_line(f"{each.role}, {each.arm} against {each.reference}: {differ}"))
        if each.uses:
            tell(table(WORDS, vocabulary_rows(each)))


def show_reuse(found: Sequence[Reuse]) -> None:
    """What share of the prompt tokens came from a cache, beside the most that was possible."""
    tell(f"{'role':12} {'turns':6} {'calls':>7} {'prompt tokens':>14} {'cached':>8} {'possible':>9}")
    for each in found:
        cached = "-" if each.cached is None else f"{each.cached:.1%}"
        counted = f"{each.turns:6} {each.calls:7} {each.prompt_tokens:14} {cached:>8} {each.possible:9.1%}"
        tell(f"{one_line(each.role):12} {counted}")


def outcome_text(text: object, value: object) -> str:
    """What a field of an outcome came to: its words, its number, `-` for nothing."""
    if isinstance(text, str):
        return text
    return f"{value:g}" if isinstance(value, float) and not math.isnan(value) else "-"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def show_transcript(run: Run, trial: str) -> None:
    """All that was said in one episode, and what came of it."""
    # words, and no markup of rich's: what was said may hold brackets
    console = Console(highlight=False)
    if note := run.manifests[0].scenario.content_note:
        console.print(Text(one_line(note), style="italic"))
    episode = run.episodes[run.episodes.trial == trial].iloc[0]
    what = f"{episode['case']}  [{episode['arm']}]  repeat {episode['repeat']}  {episode['state']}"
    console.print(Text(one_line(f"{what} {_text(episode['error'])}"), style="bold"))
    for turn in run.turns[run.turns.trial == trial].sort_values("position").itertuples():
        note = " (private)" if turn.kind == "private" else ""
        shown = turn.heard if isinstance(turn.decision, str) and turn.heard else turn.text
        console.print(
            Text.assemble(
                (f"{one_line(str(turn.role))}{note}: ", "bold cyan"),
                indented(str(shown)),
                (f"  [{one_line(turn.problem)}]" if isinstance(turn.problem, str) else "", "red"),
            )
        )
    for row in run.outcomes[run.outcomes.trial == trial].itertuples():
        console.print(
            Text.assemble((f"  {one_line(str(row.outcome))}: ", "dim"), one_line(outcome_text(row.text, row.value)))
        )
