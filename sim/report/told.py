"""Transcripts as the page of a run shows them: what each agent was told, what it said, and what judges made of it."""

import base64
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simrun.agents.persona import masked
from simrun.agents.printable import escaped, printable
from simrun.agents.reply import Decision
from simrun.log.manifest import Manifest
from simrun.play.judging import judgings
from simrun.play.transcripts import Asked, Transcript, transcripts
from simrun.report.pairs import Listed
from simrun.report.pictured import Album, by_subject, by_turn, heard
from simrun.stage.stage import Stage

LONGEST = 60_000
"""Characters of one text that are shown: what is longer is cut, and says so."""
Told = dict[str, Any]


def shown(text: str) -> str | list[str]:
    """A text fit to show; with slurs in it both forms, the second one coded, so that no search of the file shows it."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters are in the log)"
    safe, whole = printable(text), escaped(text)
    return safe if safe == whole else [safe, base64.b64encode(whole.encode()).decode()]


def kept(run: Path, manifest: Manifest, listed: Listed, most: int, album: Album) -> Mapping[int, Told]:
    """Place -> transcript, in the order of the places; their images are put into the album."""
    wanted = listed.kept(most)
    if not wanted:
        return {}
    later: dict[str, dict[str, list[Told]]] = {}
    for trial, stage in judgings(run, manifest, wanted):
        later.setdefault(trial, {}).update(_judged(stage))
    found = transcripts(run, manifest.plan(), manifest.tip(), wanted)
    places = {wanted[each.trial.id]: told(each, album, later.get(each.trial.id, {})) for each in found}
    return dict(sorted(places.items()))


def _judged(stage: Stage) -> dict[str, list[Told]]:
    """What each judge said, by its role."""
    found: dict[str, list[Told]] = {}
    for entry in stage.transcript:
        if entry.role in stage.judging:
            line = {"role": printable(entry.role), "kind": entry.kind, "text": shown(entry.heard or entry.text)}
            decision = {"decision": _decision(entry.decision)} if entry.decision else {}
            found.setdefault(entry.role, []).append({**line, **decision})
    return found


def declared(manifest: Manifest, told: Iterable[Told]) -> list[str]:
    """The phrases in these transcripts by which a level of what is varied shows, in small letters, the longest first:
    what differs within them is the declared difference."""
    sets = {setting.what for arm in manifest.arms for setting in arm.sets}
    pattern = masked([axis for name, axis in manifest.catalogue.axes.items() if name in sets])
    if not pattern:
        return []
    found: set[str] = set()
    compiled = re.compile(pattern, re.IGNORECASE)
    for text in {text for each in told for text in _texts(each)}:
        found.update(phrase.lower() for phrase in compiled.findall(text))
    return sorted(found, key=lambda phrase: (-len(phrase), phrase))


def _texts(told: Told) -> Iterator[str]:
    every = (each[key] for each in (*told["prompts"], *told["turns"]) for key in ("text", "asked") if key in each)
    yield from (text if isinstance(text, str) else text[0] for text in every)


def told(each: Transcript, album: Album | None = None, later: Mapping[str, list[Told]] = {}) -> Told:
    """One transcript as plain JSON: `prompts`, what stands first in each chat; `turns`, in order; `judges`, of whom
    what they said later counts; what came of it by turn (`series`) and by subject; who `heard` whom."""
    asked = {(one.chat.role, one.chat.chat, one.chat.nth): one for one in each.asked}  # the last attempt counts
    turns: list[Told] = []
    judges: list[Told] = []
    for entry in each.stage.transcript:
        call = None if entry.nth is None else asked.get((entry.role, entry.chat, entry.nth))
        said = entry.heard or entry.text
        line = {"role": printable(entry.role), "kind": entry.kind, "text": shown(said), **_of_call(call, said, album)}
        if not (call and call.chat.priority):
            turns.append(line)
        elif entry.role not in later:
            judges.append(line)
    judges += [line for lines in later.values() for line in lines]
    outcome = each.stage.outcome
    drawn = {
        "series": by_turn(outcome) if outcome else {},
        "subjects": by_subject(outcome) if outcome else {},
        "heard": heard(each.stage),
    }
    there = {key: value for key, value in drawn.items() if value}
    return {"trial": each.trial.id, "prompts": list(_prompts(each.asked)), "turns": turns, "judges": judges, **there}


def _of_call(asked: Asked | None, said: str, album: Album | None) -> Told:
    """What is known of a turn that a model took: only what there is, so that a large run stays small."""
    if asked is None:
        return {}
    reply = asked.reply
    told = {
        "chat": printable(asked.chat.chat),
        "asked": shown(asked.chat.messages[-1].content),
        "images": [album.place(image) for image in asked.chat.messages[-1].images] if album else [],
        "raw": shown(reply.text) if reply.text.strip() != said.strip() else "",
        "decision": _decision(reply.decision) if reply.decision else [],
        "options": _chances(asked),
        "mass": asked.call.answer.mass,
        "problem": reply.problem or "",
        "why": printable(reply.why),
        "again": asked.chat.attempt,
    }
    return {key: value for key, value in told.items() if value not in ("", 0, None, {}, [])}


def _decision(decision: Decision) -> list[list[Any]]:
    return [[printable(key), _value(value)] for key, value in decision.model_dump(mode="json").items()]


def _value(value: Any) -> str | list[str]:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return shown(", ".join(map(str, value)))
        case Mapping():
            return shown("; ".join(f"{key}: {each}" for key, each in value.items()))
    return shown(str(value))


def _chances(asked: Asked) -> list[list[Any]]:
    chances = asked.reply.options or {}
    ordered = sorted(chances.items(), key=lambda each: (-each[1], each[0]))
    return [[printable(option), round(chance, 4)] for option, chance in ordered if math.isfinite(chance)]


def _prompts(asked: Iterable[Asked]) -> Iterator[Told]:
    """What stands before everything else in each chat, once."""
    seen: set[tuple[str, str]] = set()
    for each in asked:
        first, key = each.chat.messages[0], (each.chat.role, each.chat.chat)
        if key not in seen and first.role == "system":
            yield {"role": printable(each.chat.role), "chat": printable(each.chat.chat), "text": shown(first.content)}
        seen.add(key)
