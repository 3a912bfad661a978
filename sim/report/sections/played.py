"""How it was played: by what, how fast, with how many tokens, and by which versions."""

from collections.abc import Iterator, Mapping

from simrun.play.speed import Pace
from simrun.report.blocks import Block, Prose, Scalar
from simrun.report.figures import figure
from simrun.report.section import Section
from simrun.score.scored import Scored


class Played(Section):
    """Engines, speed, tokens, digests and versions."""

    name, order, title = "played", 140, "How it was played"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A list, and its figures for programs."""
        return (*(Prose(text=line, level="item") for line in _lines(run)), *_scalars(run))


def tokens(run: Scored) -> Mapping[str, int]:
    """Tokens of all calls: prompt, cached (of the prompt's), output."""
    played = run.played
    return {"prompt": played.prompt_tokens, "cached": played.cached_tokens, "output": played.output_tokens}


def seconds(run: Scored) -> float:
    """From the beginning of the run to its last logged line, pauses between resumes included."""
    return 0.0 if run.played.at is None else round(max(run.played.at - run.manifest.created, 0.0), 1)


def _lines(run: Scored) -> Iterator[str]:
    for role, told in run.manifest.engines.items():
        yield f"{role}: {', '.join(f'{key} {value}' for key, value in told.items() if value is not None)}"
    yield from _pace(run.pace)
    used, manifest = tokens(run), run.manifest
    yield (f"{used['prompt']} prompt tokens ({used['cached']} from cache), {used['output']} out, {seconds(run):g} s")
    yield f"config {manifest.digest}, cases {manifest.suite}, log head {manifest.head}"
    yield ", ".join(f"{name} {version}" for name, version in manifest.versions.items())


def _pace(pace: Pace | None) -> Iterator[str]:
    """How fast it went, and how near to what the engines can do."""
    if pace is None:
        return
    yield (
        f"{figure(pace.calls_per_second)} calls/s, {figure(pace.prompt_tokens_per_second)} prompt tokens/s, "
        f"{figure(pace.output_tokens_per_second)} output tokens/s, {figure(pace.playing)} episodes in flight on average"
    )
    if pace.running is not None:
        yield (
            f"engines: {figure(pace.running)} sequences running and {figure(pace.waiting)} waiting on average, "
            f"KV cache {_share(pace.kv_used)} in use, {pace.preemptions or 0} preemptions"
        )
    yield (
        f"prompt tokens from cache: {_share(pace.cached_share)}; event loop late by {figure(pace.lag_mean_ms)} ms on "
        f"average, at most {figure(pace.lag_most_ms)} ms"
    )
    if pace.bound_seconds is not None:
        yield (
            f"the tokens need {figure(pace.bound_seconds)} s at {figure(pace.prefill_rate)} read and "
            f"{figure(pace.decode_rate)} written a second: the run was at {_share(pace.bound_share)} of that bound"
        )
    if pace.tail_seconds is not None:
        yield (
            f"the last {figure(pace.tail_seconds)} s, with nothing left to begin, had {_share(pace.tail_idle)} of the "
            f"places empty: {_share(pace.tail_cost)} of the whole run's (more episodes for each place make it less)"
        )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _scalars(run: Scored) -> Iterator[Scalar]:
    pace = run.pace.model_dump(mode="json") if run.pace else None
    for key, label, value in (
        ("engines", "what answered for each role", {role: dict(told) for role, told in run.manifest.engines.items()}),
        ("pace", "how fast it was played (simrun.play.speed.Pace)", pace),
        ("tokens", "tokens of all calls", dict(tokens(run))),
        ("versions", "versions", dict(run.manifest.versions)),
    ):
        yield Scalar(key=key, label=label, value=value, form="list", shown=False)
    yield Scalar(
        key="seconds", label="from the beginning to the last logged line", value=seconds(run), unit="s", shown=False
    )
