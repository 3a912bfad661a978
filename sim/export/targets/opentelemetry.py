"""A run as traces of OpenTelemetry: a JSON line an episode, as its file exporters write and its collector reads."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.export.episodes import Told, episodes
from simrun.export.exporter import Exporter
from simrun.export.facts import Facts, identity, label, moment
from simrun.log import files
from simrun.log.manifest import Manifest
from simrun.play.transcripts import Asked
from simrun.report.run import Run

SCHEMA = "https://opentelemetry.io/schemas/1.38.0"
"""The version of the conventions whose names of `gen_ai` attributes stand here."""
INTERNAL, CLIENT, ERROR = 1, 3, 2
"""Kinds of spans, and the status of one that failed."""

Json = dict[str, Any]


class OpenTelemetry(Exporter):
    """A file of traces: an episode is a trace, a call to a model a span of it, a score an event."""

    name, suffix = "opentelemetry", ".otlp.jsonl"
    opens = "the collector's otlpjsonfile receiver, and what it hands on to"
    lost = (
        "what was told and said (it is opt-in in the conventions), pairs and effects; an episode that was never played "
        "has no trace"
    )

    def export(self, run: Run, to: Path) -> Path:
        """Line by line."""
        manifest = run.manifests[0]
        facts = Facts.of(manifest)
        resource = {"service.name": "simrun", "service.version": facts.simrun, "simrun.run": facts.run}
        told = {**resource, "simrun.digest": facts.digest, "simrun.head": facts.head, "simrun.scenario": facts.scenario}
        with files.draft(to) as draft, draft.open("xb") as out:
            for each in episodes(run):
                if each.row["at"] is not None:
                    out.write(orjson.dumps(_line(manifest, told, each)) + b"\n")
        return to


def _line(manifest: Manifest, resource: Mapping[str, Any], each: Told) -> Json:
    scope = {"scope": {"name": "simrun"}, "spans": list(_spans(manifest, each)), "schemaUrl": SCHEMA}
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope]}]}


def _spans(manifest: Manifest, each: Told) -> Iterator[Json]:
    row, asked = each.row, each.transcript.asked if each.transcript else ()
    trace, root = _id(32, manifest.head, row["trial"]), _id(16, row["trial"])
    begun = min((one.call.at - one.call.seconds for one in asked), default=row["at"])
    shown = {f"simrun.{key}": row[key] for key in ("trial", "case", "arm", "repeat", "control", "state", "error")}
    yield {
        "traceId": trace,
        "spanId": root,
        "name": f"episode {row['case']}",
        "kind": INTERNAL,
        **_times(begun, max([row["at"], *(one.call.at for one in asked)])),
        "attributes": _attributes(shown),
        "events": list(_scores(each)),
        "status": {"code": ERROR, "message": row["error"]} if row["error"] else {},
    }
    for nth, one in enumerate(asked):
        who = identity(manifest, row["arm"], one.call.role)
        yield {
            "traceId": trace,
            "spanId": _id(16, row["trial"], str(nth)),
            "parentSpanId": root,
            "name": f"chat {label(who)}",
            "kind": CLIENT,
            **_times(one.call.at - one.call.seconds, one.call.at),
            "attributes": _attributes(_call(one, who)),
            "status": {},
        }


def _call(one: Asked, who: Mapping[str, Any]) -> Json:
    call, answer = one.call, one.call.answer
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": str(who.get("backend", "unknown")),
        "gen_ai.request.model": label(who),
        "gen_ai.request.seed": call.seed,
        "gen_ai.agent.name": call.role,
        "gen_ai.conversation.id": f"{call.trial}/{one.chat.speaker}",
        "gen_ai.output.type": "text" if one.chat.form is None else "json",
        "gen_ai.response.finish_reasons": [answer.finish],
        "gen_ai.usage.input_tokens": answer.prompt_tokens,
        "gen_ai.usage.output_tokens": answer.output_tokens,
        "simrun.prompt_digest": call.digest,
        "simrun.problem": one.reply.problem,
        "simrun.attempt": call.attempt or None,
    }


def _scores(each: Told) -> Iterator[Json]:
    """An event an outcome that has a number; what is missing has none."""
    for row in each.outcomes:
        if row["value"] is not None and row["turn"] is None and row["subject"] is None:
            told = {"gen_ai.evaluation.name": row["outcome"], "gen_ai.evaluation.score.value": row["value"]}
            yield {
                "timeUnixNano": _nanoseconds(each.row["at"]),
                "name": "gen_ai.evaluation.result",
                "attributes": _attributes(told),
            }


def _times(begun: float, ended: float) -> Json:
    return {"startTimeUnixNano": _nanoseconds(begun), "endTimeUnixNano": _nanoseconds(ended)}


def _nanoseconds(seconds: float) -> str:
    """As text, which is how OTLP writes 64 bits in JSON."""
    return str(round(moment(seconds) * 1e9))


def _id(digits: int, *what: str) -> str:
    return hashlib.sha256("\x1f".join(what).encode()).hexdigest()[:digits]


def _attributes(told: Mapping[str, Any]) -> list[Json]:
    """What is there, each under the name of its type."""
    return [{"key": key, "value": _value(value)} for key, value in told.items() if value not in (None, "")]


def _value(value: Any) -> Json:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
    return {"stringValue": str(value)}
