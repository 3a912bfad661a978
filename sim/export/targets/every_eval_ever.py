"""A run as records of every_eval_ever (schema 0.3.0): an aggregate a model, and a line an answer that was right or
wrong."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from simrun.estimate.paired import LEVEL
from simrun.export.conversation import spoken
from simrun.export.effects import effects, means
from simrun.export.episodes import Told, episodes
from simrun.export.exporter import Exporter
from simrun.export.facts import Facts, engine, model, moment, portable
from simrun.log import files
from simrun.log.manifest import Manifest
from simrun.report.run import Run

VERSION = "0.3.0"
RIGHT = "score is the outcome {outcome} of the episode, 0 or 1; is_correct = (score == 1)"

Json = dict[str, Any]


class EveryEvalEver(Exporter):
    """A folder data/BENCHMARK/DEVELOPER/MODEL/ with an aggregate a model and its samples."""

    name = "every_eval_ever"
    opens = "every_eval_ever validate, the EvalEval datastore"
    lost = (
        "pairs, arms and cases stand in metadata as text; lines of samples are there only for outcomes that are right "
        "or wrong; outcomes by turn and subject, and what judges found, are means or not there"
    )

    def export(self, run: Run, to: Path) -> Path:
        """The samples in one pass over the log, then the aggregates that name their digests."""
        told = {name: _File.of(run.manifests[0], name) for name in _models(run.manifests[0])}
        right = run.manifests[0].outcome.accuracy
        with ExitStack() as stack:
            for each in episodes(run) if right else ():
                value = next((one["value"] for one in each.outcomes if one["outcome"] == right), None)
                if value in (0, 1) and each.transcript:  # a chance of being right is neither
                    own = told[model(run.manifests[0], each.row["arm"])]
                    own.add(stack, to, orjson.dumps(_instance(own, run.manifests[0], each, value)) + b"\n")
        for own in told.values():
            files.folder((to / own.place).parent)
            files.replace(to / own.place, orjson.dumps(_aggregate(own, run), option=orjson.OPT_INDENT_2) + b"\n")
        return to


@dataclass
class _File:
    """One model's record while its samples are written."""

    model: str
    id: str
    evaluation: str
    place: str
    rows: int = 0
    out: IO[bytes] | None = None
    digest: Any = field(default_factory=hashlib.sha256)

    @classmethod
    def of(cls, manifest: Manifest, name: str) -> "_File":
        """Where it belongs: the same run and model always under the same name."""
        told = name if name.count("/") >= 1 else f"unlisted/{name}"
        developer, _, rest = told.partition("/")
        benchmark = portable(f"simrun_{manifest.scenario.name}")
        key = hashlib.sha256(f"{manifest.name} {manifest.head} {name}".encode()).digest()[:16]
        folder = f"data/{benchmark}/{portable(developer)}/{portable(rest)}"
        id_ = f"{portable(developer)}/{portable(rest)}"
        evaluation = f"{benchmark}/{id_}/{int(moment(manifest.created))}/{manifest.digest}"
        return cls(name, id_, evaluation, f"{folder}/{uuid.UUID(bytes=key, version=4)}.json")

    @property
    def samples(self) -> str:
        """Where its lines are."""
        return self.place.removesuffix(".json") + "_samples.jsonl"

    def add(self, stack: ExitStack, to: Path, line: bytes) -> None:
        """One line; the file is there once all are written."""
        if self.out is None:
            files.folder((to / self.samples).parent)
            draft = stack.enter_context(files.draft(to / self.samples))
            self.out = stack.enter_context(draft.open("xb"))
        self.out.write(line)
        self.digest.update(line)
        self.rows += 1


def _models(manifest: Manifest) -> dict[str, None]:
    return dict.fromkeys(model(manifest, arm.name) for arm in manifest.arms)


def _words(told: Mapping[str, Any]) -> dict[str, str]:
    """All of it as text, which is all that these details take."""
    return {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in told.items()}


def _aggregate(own: _File, run: Run) -> Json:
    manifest, facts = run.manifests[0], Facts.of(run.manifests[0])
    about = _words(facts.model_dump(mode="json"))
    told: Json = {
        "schema_version": VERSION,
        "evaluation_id": own.evaluation,
        "evaluation_timestamp": facts.created,
        "retrieved_timestamp": str(int(moment(manifest.created))),
        "source_metadata": {
            "source_name": f"simrun run {facts.run}",
            "source_type": "evaluation_run",
            "source_organization_name": "not stated",
            "evaluator_relationship": "other",
            "additional_details": about,
        },
        "eval_library": {"name": "simrun", "version": facts.played or facts.simrun},
        "model_info": {
            "name": own.model,
            "id": own.id,
            "inference_engine": dict(engine(manifest)),
            "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"},
        },
        "evaluation_results": [*_levels(own, run), *_differences(own, run)],
    }
    if own.rows:
        told["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": own.samples,
            "hash_algorithm": "sha256",
            "checksum": own.digest.hexdigest(),
            "total_rows": own.rows,
        }
    return told


def _source(manifest: Manifest) -> Json:
    details = {"suite": manifest.suite, "cases": str(len(manifest.cases))}
    return {"dataset_name": f"simrun {manifest.scenario.name}", "source_type": "other", "additional_details": details}


def _result_id(own: _File, *parts: str) -> str:
    return "/".join((own.evaluation, *parts))


def _bounds(run: Run, outcome: str) -> tuple[float | None, float | None]:
    span = run.manifests[0].outcome.span(outcome)
    return (span.low, span.high) if span else (None, None)


def _metric(identity: str, better: str, low: float | None, high: float | None, **more: str) -> Json:
    return {
        "metric_id": identity,
        "metric_name": identity,
        "lower_is_better": better == "lower",
        "score_type": "continuous",
        "min_score": "-Infinity" if low is None else low,
        "max_score": "Infinity" if high is None else high,
        "additional_details": {"better": better, **more},
    }


def _scored(
    value: float, low: float | None, high: float | None, error: float | None, n: int, method: str, details: Json
) -> Json:
    uncertainty: Json = {"num_samples": n}
    if low is not None and high is not None:
        ends = {"lower": low, "upper": high, "confidence_level": LEVEL, "method": method}
        uncertainty["confidence_interval"] = ends
    if error is not None:
        uncertainty["standard_error"] = {"value": error, "method": "of the mean over cases"}
    return {"score": value, "uncertainty": uncertainty, "details": _words(details)}


def _levels(own: _File, run: Run) -> Iterator[Json]:
    """The mean of each outcome in each arm that this model played; what is missing is in no mean."""
    manifest, better = run.manifests[0], run.manifests[0].outcome.measured()
    done = {each.name: each.n for each in run.scored.arms}
    for outcome, arm, found in means(run.scored):
        if model(manifest, arm) != own.model or found.value is None:
            continue
        low, high = _bounds(run, outcome)
        method = "Hall, over case means" if found.approximate else "Dirichlet bound, over case means"
        details = {"arm": arm, "cases": found.clusters, "missing": done[arm] - found.n}
        yield {
            "evaluation_result_id": _result_id(own, "mean", outcome, arm),
            "evaluation_name": f"{outcome} in {arm}",
            "source_data": _source(manifest),
            "metric_config": _metric(f"simrun.mean.{outcome}", better[outcome].direction, low, high, arm=arm),
            "score_details": _scored(found.value, found.low, found.high, found.error, found.n, method, details),
        }


def _differences(own: _File, run: Run) -> Iterator[Json]:
    """The effects of the arms that this model played."""
    manifest = run.manifests[0]
    played = {(each.arm, each.reference): model(manifest, each.arms[0]) for each in manifest.contrasts}
    for each in effects(run.scored):
        if played[each.arm, each.reference] != own.model or each.difference is None:
            continue
        low, high = _bounds(run, each.outcome)
        span = None if low is None or high is None else high - low
        method = "Hall, over case means of pairs" if each.approximate else "Dirichlet bound, over case means of pairs"
        told = each.model_dump(
            mode="json", include={"arm", "reference", "family", "p", "p_adjusted", "cases", "excluded", "reasons"}
        )
        details = told | {"verdict": each.verdict.kind, "outcome": each.outcome, "fair": 0}
        floor = None if span is None else -span
        yield {
            "evaluation_result_id": _result_id(own, "effect", each.outcome, each.arm, each.reference),
            "evaluation_name": f"{each.outcome}: {each.arm} against {each.reference}",
            "source_data": _source(manifest),
            "metric_config": _metric(f"simrun.effect.{each.outcome}", "neither", floor, span, fair="0"),
            "score_details": _scored(each.difference, each.low, each.high, None, each.pairs, method, details),
        }


def _instance(own: _File, manifest: Manifest, each: Told, value: float) -> Json:
    row, outcome = each.row, manifest.outcome.accuracy
    assert each.transcript
    said = list(spoken(each.transcript))
    first = next((at for at, one in enumerate(said) if one.role == "assistant"), len(said))
    truth = each.transcript.stage.facts().get("truth", "")
    tokens = {"input_tokens": row["prompt_tokens"] or 0, "output_tokens": row["output_tokens"] or 0}
    about = {
        "arm": row["arm"],
        "case": row["case"],
        "pair": f"{row['case']}/{row['repeat']}",
        "repeat": row["repeat"],
        "control": row["control"],
        "trial": row["trial"],
        "speakers": [one.speaker for one in said],
        "rule": RIGHT.format(outcome=outcome),
    }
    return {
        "schema_version": VERSION,
        "evaluation_id": own.evaluation,
        "model_id": own.id,
        "evaluation_name": f"{outcome} in {row['arm']}",
        "evaluation_result_id": _result_id(own, "mean", outcome, row["arm"]),
        "sample_id": f"{row['case']}/{row['repeat']}",
        "interaction_type": "multi_turn",
        "input": {"raw": "\n\n".join(one.content for one in said[:first]), "reference": [truth] if truth else []},
        "output": None,
        "messages": [{"turn_idx": at, "role": one.role, "content": one.content} for at, one in enumerate(said)],
        "answer_attribution": [],
        "evaluation": {
            "score": value,
            "is_correct": value == 1,
            "num_turns": sum(one.role == "assistant" for one in said),
        },
        "token_usage": {**tokens, "total_tokens": sum(tokens.values())},
        "performance": {"latency_ms": row["seconds"] * 1000},
        "metadata": _words(about),
    }
