"""What people said of what judges judge: a file of theirs is read, checked against the run, and kept in its log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from simrun.agents.judges.base import Verdict
from simrun.agents.judges.replies import OfReplies
from simrun.config.errors import ConfigError
from simrun.log.chain import JUDGES, Head, LogLine, RunLog, read
from simrun.log.lines import LABELED, note_labels
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan
from simrun.scenarios.base import Fault
from simrun.scenarios.files import Source, require, rows

PEOPLE = "people"
"""Whose verdicts these are, in the place of a judge's name."""
COLUMNS = {"id": "id", "key": "key", "label": "label"}
MOST = 5
"""Rows that are no labels that a report names."""
YES_OR_NO = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}


class Label(NamedTuple):
    """What somebody said of one reply, or of a whole episode."""

    trial: str
    key: str
    turn: int | None
    """From 0, as in the table of outcomes."""
    label: float


def told(plan: Plan) -> tuple[tuple[Label, ...], tuple[Fault, ...]]:
    """The labels of `judge.labels`, and the rows that are none. ConfigError where none is left."""
    file = Source(Path(plan.config.labels))
    if not file.file.is_file():
        raise ConfigError(f"judge.labels: no file {plan.config.labels!r}; give a CSV with the columns id, key, label")
    try:
        found = list(rows(file))
        require(COLUMNS, list(next((row for _, row in found if not isinstance(row, Fault)), {})), file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"judge.labels: {error}") from None
    read_, trials = _Reading(str(file), plan), {trial.id for trial in plan.trials()}
    labels = [read_.label(number, row, trials) for number, row in found]
    good = tuple(each for each in labels if isinstance(each, Label))
    faults = tuple(each for each in labels if isinstance(each, Fault))
    if not good:
        shown = "; ".join(map(str, faults[:3])) or f"{file} has no rows"
        raise ConfigError(f"judge.labels: no row fits this run: {shown}")
    return good, faults


class _Reading:
    """Rows of one file, each of another reply."""

    def __init__(self, file: str, plan: Plan):
        self._file, self._seen = file, dict[tuple[str, str, int | None], int]()
        figures = [each.figures() if isinstance(each, OfReplies) else () for each in plan.reference.judges]
        self._names = {judge.name for judge in plan.reference.judges}
        self._keys = {key for own in figures for key in own} if all(figures) else set[str]()

    def label(self, number: int, row: Mapping[str, Any] | Fault, trials: set[str]) -> Label | Fault:
        """The row, or what is wrong with it."""
        if isinstance(row, Fault):
            return row
        trial, key, label = (str(row.get(name) or "").strip() for name in COLUMNS)
        turn, judge = str(row.get("turn") or "").strip(), key.partition(".")[0]
        key = key.partition(".")[2] if judge in self._names else key
        value = YES_OR_NO.get(label.lower(), _number(label))
        if trial not in trials:
            why = f"{trial!r} is no episode of this run; their ids are in the column trial of sealed/episodes.parquet"
            return self._fault(number, "id", f"{why}, such as {min(trials)}")
        if not key or (self._keys and key not in self._keys):
            return self._fault(
                number, "key", f"no judge says {key!r}; they say {', '.join(sorted(self._keys)) or 'it'}"
            )
        if turn and not turn.isdecimal():
            return self._fault(number, "turn", f"{turn!r} is no number; replies are counted from 0")
        if value is None:
            return self._fault(number, "label", f"{label!r} is no number; give 0 or 1, true or false, or a score")
        found = Label(trial, key, int(turn) if turn else None, value)
        if (first := self._seen.setdefault(found[:3], number)) != number:
            return self._fault(number, "label", f"the same reply was labelled in line {first}; leave one of the two")
        return found

    def _fault(self, number: int, field: str, why: str) -> Fault:
        return Fault(file=self._file, line=number, field=field, why=why)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def keep(path: Path, plan: Plan, labels: Sequence[Label], faults: Sequence[Fault]) -> None:
    """Write them into the log, unless they stand there already."""
    if tuple(labels) == _last(path, None):
        return
    log = RunLog(path, JUDGES)
    try:
        note_labels(log, Path(plan.config.labels).name, labels, [str(each) for each in faults])
    finally:
        log.close()


def kept(path: Path, head: Head | None = None) -> dict[str, dict[str, Verdict]]:
    """What people said: trial -> `people.key` -> value, or a value a turn."""
    found: dict[str, dict[str, Verdict]] = {}
    turns: dict[tuple[str, str], dict[int, float]] = {}
    for trial, key, turn, label in _last(path, head):
        if turn is None:
            found.setdefault(trial, {})[f"{PEOPLE}.{key}"] = label
        else:
            turns.setdefault((trial, key), {})[turn] = label
    for (trial, key), own in turns.items():
        series = tuple(own.get(turn) for turn in range(max(own) + 1))
        found.setdefault(trial, {})[f"{PEOPLE}.{key}"] = series
    return found


def noted(manifest: Manifest, faults: Sequence[Fault]) -> tuple[str, ...]:
    """What every report must say, with the rows that are no labels."""
    told = [f"Label left out: {each}" for each in faults[:MOST]]
    rest = [f"{len(faults) - MOST} more labels are left out."] if len(faults) > MOST else []
    return tuple(dict.fromkeys((*manifest.notes, *told, *rest)))


def _last(path: Path, head: Head | None) -> tuple[Label, ...]:
    """The labels that were kept last."""
    last: LogLine | None = None
    for line in read(path, head, JUDGES):
        last = line if line.kind == LABELED else last
    return tuple(Label(*each) for each in last.told("labels", list)) if last else ()
