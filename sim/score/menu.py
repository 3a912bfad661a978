"""The menu of metrics: what there is, what was asked for, and all figures of a run."""

import inspect
from collections.abc import Iterator, Mapping, Sequence

from simrun.config.errors import ConfigError, unknown
from simrun.config.modules import held, imported, names
from simrun.log.manifest import Manifest
from simrun.score.metric import Figure, Metric
from simrun.score.samples import Both, Located, RunValues, Sample

PACKAGE = "simrun.score.metrics"

DECLARED = ("needs", "low", "high", "fair", "worse", "undefined", "source")
"""What a metric says of itself."""


def metrics() -> Mapping[str, type[Metric]]:
    """Every metric by the name of its file, in alphabetical order."""
    return {name: _of_file(name) for name in names(PACKAGE)}


def _of_file(name: str) -> type[Metric]:
    kind = held(PACKAGE, name, Metric)
    if kind is None:
        called = "".join(part.title() for part in name.split("_"))
        raise ConfigError(f"{PACKAGE}.{name} has no metric of its name; call its class {called}(Metric)")
    return whole(kind, f"metric {name!r}")


def resolve(reference: str) -> type[Metric]:
    """A metric by its name on the menu, or as `package.module:Class`; ConfigError says what is wrong and what would
    do."""
    if ":" in reference:
        return whole(imported("metrics", reference, Metric), f"metrics={reference}")
    known = metrics()
    if reference not in known:
        raise unknown("metric", reference, list(known))
    return known[reference]


def whole(kind: type[Metric], what: str) -> type[Metric]:
    """The class, if nothing that a metric says of itself is missing; else ConfigError."""
    missing = [name for name in DECLARED if not hasattr(kind, name)]
    missing += sorted(getattr(kind, "__abstractmethods__", ()))
    if not missing and not all(hasattr(kind.needs, name) for name in ("found", "lacking", "part")):
        raise ConfigError(
            f"{what}: needs is {kind.needs!r}, which finds no samples; give one of: {', '.join(sorted(needs()))}, "
            "or a class with found, lacking and part (simrun.score.samples.Sample)"
        )
    if missing:
        source = inspect.getsourcefile(kind) or kind.__module__
        raise ConfigError(
            f"{what}: class {kind.__name__} ({source}) lacks {', '.join(missing)}; add what Metric describes"
        )
    return kind


def needs() -> dict[str, type[Sample]]:
    """Every kind of sample that a metric of the menu is measured on, by its name."""
    return {kind.needs.__name__: kind.needs for kind in metrics().values()}


def check(names: Sequence[str] | None, manifest: Manifest) -> None:
    """Before anything is played: ConfigError for a metric that is not there, lacks
    something, or whose needs this run cannot meet."""
    for name in names or ():
        kind = resolve(name)
        if lacking := kind.needs.lacking(manifest):
            raise ConfigError(f"metrics={name} needs {kind.needs.__name__}: {lacking}; or leave {name} out of metrics")


def asked(names: Sequence[str] | None) -> list[type[Metric]]:
    """The metrics of these names, all of the menu where none are given; those of one sample in their order."""
    chosen = [resolve(name) for name in names] if names is not None else list(metrics().values())
    return sorted(chosen, key=lambda kind: (kind.needs.__name__, kind.order, kind.name))


def figures(run: RunValues, names: Sequence[str] | None = None) -> tuple[Figure, ...]:
    """Every metric whose needs the run meets, on every sample of it."""
    return tuple(figured(run, asked(names)))


def figured(run: RunValues, kinds: Sequence[type[Metric]]) -> Iterator[Figure]:
    """The same of these metrics: each sample is found once, and all that is asked of it is measured."""
    by_need: dict[type[Sample], list[type[Metric]]] = {}
    for kind in kinds:
        by_need.setdefault(kind.needs, []).append(kind)
    for need, own in by_need.items():
        if not need.lacking(run.manifest):
            for at in need.found(run):
                yield from measured(at, own)


def measured(at: Located, kinds: Sequence[type[Metric]]) -> Iterator[Figure]:
    """What these metrics come to on one sample."""
    one = at.sample.arm if isinstance(at.sample, Both) else at.sample
    for kind in kinds:
        for metric in kind.asked(one):
            yield metric.figure(at)
