"""`simrun treatments`: whether only the declared words differ between the texts of a pair."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import model_validator

from simrun.cli.command import DONE, Command, Mine, Overrides, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.plan.treatment import Audit
    from simrun.scenarios.base import Fault
    from simrun.scenarios.treatment import Change, Tally, Variant

SHOWN, WIDTH = 2, 48
"""Examples of each verdict, changes of each example, and how long the words of a change are at most, in what a person
reads."""


class Treatments(Command):
    """Say whether only the declared words differ: in the arms of a run, or in a file of treated CVs."""

    name = "treatments"
    file: Annotated[str | None, Word("FILE")] = None
    """A file of treated CVs: JSON lines with an original and its variants. Either it or the options of a run."""
    overrides: Overrides = ()
    config_dir: Mine = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.file) == bool(self.overrides):
            raise ValueError(
                f"give either a FILE of treated CVs or the options of a run, such as scenario=NAME; got "
                f"{'both' if self.file else 'neither'}"
            )
        return self

    def run(self, as_json: bool) -> int:
        """Whatever is found is no failure of this command."""
        if self.file:
            variants, faults = _read(self.file)
            tell(json.dumps(_file(self.file, variants, faults)) if as_json else _file_told(variants, faults), as_json)
        else:
            audit = self._audit()
            tell(audit.model_dump_json() if as_json else _audit_told(audit), as_json)
        return DONE

    def _audit(self) -> "Audit":
        from simrun.config.composition import compose
        from simrun.config.menus import catalogue
        from simrun.plan.design import planned
        from simrun.plan.treatment import audited

        config, folders = compose(self.overrides, {}, self.config_dir)
        return audited(planned(config, catalogue(folders)))


def _read(path: str) -> "tuple[tuple[Variant, ...], tuple[Fault, ...]]":
    """The audit of a file of treated CVs; ConfigError where it is none."""
    from simrun.config.menus import scenarios

    try:
        found = (kind.treated(path) for kind in scenarios().values())
        read = next((each for each in found if each is not None), None)
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None
    if read is None:
        raise ConfigError(f"{path}: no scenario knows such files")
    return read


def _file(path: str, variants: "Sequence[Variant]", faults: "Sequence[Fault]") -> dict[str, Any]:
    from simrun.scenarios.treatment import tally

    return {
        "file": path,
        "tallies": [each.model_dump(mode="json") for each in tally(variants)],
        "variants": [each.model_dump(mode="json") for each in variants],
        "faults": list(map(str, faults)),
    }


def _file_told(variants: "Sequence[Variant]", faults: "Sequence[Fault]") -> str:
    from simrun.scenarios.treatment import tally

    left = [f"Left out: {fault}" for fault in faults]
    return "\n".join([_tallied(tally(variants)), "", *_examples(variants), *left])


def _verdicts() -> tuple[str, ...]:
    from simrun.scenarios.treatment import Verdict

    return get_args(Verdict)


def _tallied(tallies: "Sequence[Tally]") -> str:
    from simrun.report.figures import figure, table

    rows = [
        [each.kind, each.group, each.n, *_counted(each.verdicts), each.layout, figure(each.excess)] for each in tallies
    ]
    return table(["kind", "group", "variants", *_verdicts(), "punctuation too", "words beyond (mean)"], rows)


def _counted(verdicts: Mapping[Any, int]) -> list[int]:
    return [verdicts.get(verdict, 0) for verdict in _verdicts()]


def _examples(variants: "Sequence[Variant]") -> Iterator[str]:
    for verdict in _verdicts():
        own = [each for each in variants if each.found.verdict == verdict]
        yield f"{verdict}: {len(own)} of {len(variants)}"
        for each in own[:SHOWN]:
            yield f"  row {each.row}, {each.kind} of {each.group}: {_changes(each.found.changes)}"


def _changes(changes: "Sequence[Change]") -> str:
    """The first changes in words."""
    first = "; ".join(f"{_short(each.before)} -> {_short(each.after)}" for each in changes[:SHOWN])
    more = f"; and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return f"{first}{more}" if changes else "no word differs"


def _short(words: str) -> str:
    return repr(words if len(words) <= WIDTH else f"{words[: WIDTH - 4]} ...") if words else "nothing"


def _audit_told(audit: "Audit") -> str:
    from simrun.report.figures import figure, table

    rows = [
        [
            each.arm,
            each.reference,
            ", ".join(each.declared) or "the engine",
            each.pairs,
            *_counted(each.verdicts),
            len(each.rewritten),
            figure(each.words),
        ]
        for each in audit.audited
    ]
    head = ["arm", "against", "declared", "pairs", *_verdicts(), "case rewritten", "words longer (mean)"]
    left = [f"Not audited: {each.arm}: {each.why}." for each in audit.unaudited]
    return "\n".join(filter(None, [table(head, rows) if rows else "", *_pairs(audit), *left, audit.line()]))


def _pairs(audit: "Audit") -> Iterable[str]:
    """For each pair of arms an example of what changed, and every verdict that is not as it should be."""
    for each in audit.audited:
        good = next((example for example in each.examples if example.verdict in each.expected), None)
        if good:
            yield f"{each.arm}, for example in {good.case}: {_changes(good.changes)}"
        for example in each.examples:
            if example.verdict not in each.expected:
                excess = f"; not declared: {' '.join(example.excess[:12])}" if example.excess else ""
                yield f"AMISS ({example.verdict}) {each.arm} in {example.case}: {_changes(example.changes)}{excess}"
        if each.leaks:
            yield f"LEAK {each.arm}: blinded, and told otherwise than {each.reference}, in case {each.leaks[0]}"
        if len(each.amiss) > 1:
            more = " ..." if len(each.amiss) > 12 else ""
            yield f"AMISS in {len(each.amiss)} cases: {', '.join(each.amiss[:12])}{more}"
