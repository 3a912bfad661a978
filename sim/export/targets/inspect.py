"""A run as an `.eval` log of Inspect: a zip file of JSON, packed by the standard library alone."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from time import gmtime
from typing import IO, Any
from urllib.parse import quote

import orjson

from simrun.export.conversation import about, spoken
from simrun.export.effects import effects, figures, means
from simrun.export.episodes import Told, episodes
from simrun.export.exporter import Exporter
from simrun.export.facts import Facts, engine, identity, label, model, models, moment, stamp
from simrun.log import files
from simrun.log.manifest import Manifest
from simrun.report.run import Run

VERSION = 2
"""Of the form of log, as inspect_ai 0.3 reads and writes it."""
SCORER = "simrun"
_IN_MEMORY = 16 * 2**20

Json = dict[str, Any]


class Inspect(Exporter):
    """An .eval log: a sample an episode, a score an outcome, effects with intervals among the results."""

    name, suffix = "inspect", ".eval"
    opens = "inspect view, inspect_ai.log.read_eval_log"
    lost = (
        "who heard what of whom, events, and the chain of the log; pairs are in the metadata of the samples. A missing "
        "outcome has no score, which is no 0"
    )

    def export(self, run: Run, to: Path) -> Path:
        """Samples as they are read; summaries and the header last, as Inspect itself writes them."""
        manifest = run.manifests[0]
        header = _header(run)
        with (
            files.draft(to) as draft,
            SpooledTemporaryFile(_IN_MEMORY) as summaries,
            zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as packed,
        ):
            begun = {key: header[key] for key in ("version", "eval", "plan")}
            _put(packed, manifest, "_journal/start.json", orjson.dumps(begun))
            for nth, each in enumerate(episodes(run)):
                sample = _sample(manifest, each)
                name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
                _put(packed, manifest, name, orjson.dumps(sample))
                summaries.write((b"," if nth else b"[") + orjson.dumps(_summary(sample)))
            summaries.write(b"]" if summaries.tell() else b"[]")
            summaries.seek(0)
            _put(packed, manifest, "summaries.json", summaries)
            _put(packed, manifest, "header.json", orjson.dumps(header))
        return to


def _put(packed: zipfile.ZipFile, manifest: Manifest, name: str, content: bytes | IO[bytes]) -> None:
    """One file, dated as the run: the same run gives the same bytes."""
    entry = zipfile.ZipInfo(name, gmtime(moment(manifest.created))[:6])
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    with packed.open(entry, "w", force_zip64=not isinstance(content, bytes)) as out:
        if isinstance(content, bytes):
            out.write(content)
        else:
            while piece := content.read(2**20):
                out.write(piece)


def identifier(case: str, arm: str) -> str:
    """Of a sample: case and arm, without what no name of a file may hold."""
    return f"{quote(case, safe=' ')}@{quote(arm, safe=' =,+')}"


def _sample(manifest: Manifest, each: Told) -> Json:
    row, arm = each.row, each.row["arm"]
    messages = list(_messages(manifest, each))
    said = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    choices = [{"message": said, "stop_reason": "stop"}] if said else []
    first = next((at for at, message in enumerate(messages) if message["role"] == "assistant"), len(messages))
    told = {
        "id": identifier(row["case"], arm),
        "epoch": row["repeat"] + 1,
        "input": messages[:first] or f"{row['case']}: not played",
        "target": each.transcript.stage.facts().get("truth", "") if each.transcript else "",
        "messages": messages,
        "output": {
            "model": model(manifest, arm),
            "choices": choices,
            "completion": said["content"] if said else "",
            "usage": _usage(row),
        },
        "scores": dict(_scores(each)),
        "metadata": _metadata(manifest, each),
        "store": {},
        "events": [],
        "model_usage": {model(manifest, arm): _usage(row)} if row["state"] == "done" else {},
        "attachments": {},
    }
    return told | _ended(row)


def _ended(row: Mapping[str, Any]) -> Json:
    """When it ended; what ended it, where that was an error or nothing at all: such a sample is not completed."""
    if row["state"] == "done":
        return {"total_time": row["seconds"], "completed_at": stamp(row["at"])}
    what = f"{row['error'] or 'not played'} ({row['state']}): no outcome; the log of the run says more"
    return {"error": {"message": what, "traceback": "", "traceback_ansi": ""}}


def _usage(row: Mapping[str, Any]) -> Json:
    """Tokens of an episode, as far as the engine told them."""
    told, said, cached = (row[key] or 0 for key in ("prompt_tokens", "output_tokens", "cached_tokens"))
    return {
        "input_tokens": told,
        "output_tokens": said,
        "total_tokens": told + said,
        "input_tokens_cache_read": cached,
    }


def _messages(manifest: Manifest, each: Told) -> Iterator[Json]:
    for nth, one in enumerate(spoken(each.transcript) if each.transcript else ()):
        shown: Json = {"speaker": one.speaker} | ({"images": list(one.images)} if one.images else {})
        message: Json = {"id": f"m{nth}", "role": one.role, "content": one.content}
        if one.asked:
            who = label(identity(manifest, each.row["arm"], one.asked.chat.role))
            message |= {"source": "generate", "model": who}
            shown |= about(one.asked)
        yield message | {"metadata": shown}


def _scores(each: Told) -> Iterator[tuple[str, Json]]:
    """A score an outcome that has a value; of one by turn or subject an object of those that are there."""
    values: dict[str, Any] = {}
    for row in each.outcomes:
        if row["value"] is None:
            continue
        place = "/".join(
            str(part) for part in (row["subject"], None if row["turn"] is None else f"turn {row['turn']}") if part
        )
        if place:
            values.setdefault(row["outcome"], {})[place] = row["value"]
        else:
            values[row["outcome"]] = row["value"]
    for outcome, value in values.items():
        yield outcome, {"value": value, "answer": None, "explanation": None, "metadata": {}}


def _metadata(manifest: Manifest, each: Told) -> Json:
    """What makes a pair of it, and what it has beside scores."""
    row = each.row
    numbers = {one["outcome"] for one in each.outcomes if one["value"] is not None}
    words = {one["outcome"]: one["text"] for one in each.outcomes if one["text"] is not None}
    lacking = sorted({one["outcome"] for one in each.outcomes} - numbers - set(words))
    settings = next((arm.settings for arm in manifest.arms if arm.name == row["arm"]), {})
    told = {
        "arm": row["arm"],
        "case": row["case"],
        "pair": f"{row['case']}/{row['repeat']}",
        "repeat": row["repeat"],
        "control": row["control"],
        "settings": settings,
        "name": row["name"],
        "wording": row["wording"],
        "trial": row["trial"],
        "state": row["state"],
        "models": models(manifest, row["arm"]),
        "words": words,
        "missing": lacking,
        "problems": {key: row[key] for key in ("refused", "unreadable", "truncated") if row[key]},
    }
    return {key: value for key, value in told.items() if value not in (None, "", {}, [])}


def _summary(sample: Json) -> Json:
    """What a list of samples shows of one."""
    given = sample["input"]
    scalars = {key: value for key, value in sample["metadata"].items() if isinstance(value, str | int | float)}
    return {
        **{key: sample[key] for key in ("id", "epoch", "target", "scores", "model_usage")},
        "input": given if isinstance(given, str) else given[-1]["content"][:1000],
        "metadata": scalars,
        "completed": "error" not in sample,
        "message_count": len(sample["messages"]),
        **({"error": sample["error"]["message"]} if "error" in sample else {}),
        **({"total_time": sample["total_time"]} if "total_time" in sample else {}),
    }


def _header(run: Run) -> Json:
    manifest, scored = run.manifests[0], run.scored
    facts, arms = Facts.of(manifest), {arm.name: model(manifest, arm.name) for arm in manifest.arms}
    task = f"simrun/{facts.scenario}" + (f"/{facts.mode}" if facts.mode else "")
    played = scored.tables.sql('SELECT DISTINCT "case", arm FROM episodes ORDER BY ALL').fetchall()
    names = [identifier(case, arm) for case, arm in played]
    ended = float(scored.tables.sql('SELECT coalesce(max("at"), 0) FROM episodes').fetchall()[0][0]) or manifest.created
    return {
        "version": VERSION,
        "status": "success" if facts.complete else "cancelled",
        "eval": {
            "eval_id": facts.head.split(", ")[0].split(" ")[-1],
            "run_id": facts.run,
            "created": facts.created,
            "task": task,
            "task_id": facts.digest,
            "task_version": 0,
            "task_args": {},
            "dataset": {"name": f"suite {facts.suite}", "samples": len(names), "sample_ids": names, "shuffled": True},
            "model": " + ".join(dict.fromkeys(arms.values())),
            "model_args": {},
            "config": {"epochs": manifest.repeats},
            "packages": {"simrun": facts.simrun},
            "metadata": {
                "simrun": facts.model_dump(mode="json"),
                "models": arms,
                "engine": engine(manifest),
                "ranges": _ranges(manifest),
            },
            "tags": ["simrun"],
        },
        "plan": {"name": "plan", "steps": [], "config": {}},
        "results": _results(run),
        "stats": {"started_at": facts.created, "completed_at": stamp(ended), "model_usage": {}},
    }


def _ranges(manifest: Manifest) -> dict[str, list[float]]:
    """Between what each outcome lies, of those that have bounds: `simrun import` makes the same intervals of it."""
    spans = {name: manifest.outcome.span(name) for name in manifest.outcome.measured()}
    return {name: [span.low, span.high] for name, span in spans.items() if span}


def _results(run: Run) -> Json:
    """Effects, those of declared outcomes first, and the means of arms."""
    scored = run.scored
    scores = []
    for each in sorted(effects(scored), key=lambda one: one.family not in ("primary", "cell")):
        params = {"outcome": each.outcome, "arm": each.arm, "reference": each.reference, "family": each.family}
        told = {**params, "verdict": each.verdict.kind, "excluded": each.excluded, "reasons": dict(each.reasons)}
        scores.append(_score(f"{each.outcome}: {each.arm} against {each.reference}", figures(each), told))
    by_outcome: dict[str, dict[str, float]] = {}
    for one in means(scored):
        found = {"mean": one.estimate.value, "ci_low": one.estimate.low, "ci_high": one.estimate.high}
        own = by_outcome.setdefault(one.outcome, {})
        own |= {f"{key} {one.arm}": value for key, value in found.items() if value is not None}
    scores += [_score(outcome, metrics, {}) for outcome, metrics in by_outcome.items()]
    return {"total_samples": scored.played.episodes, "completed_samples": scored.played.done, "scores": scores}


def _score(name: str, metrics: Mapping[str, float], params: Json) -> Json:
    told = {key: {"name": key, "value": value, "params": {}} for key, value in metrics.items()}
    return {"name": name, "scorer": SCORER, "params": params, "metrics": told}
