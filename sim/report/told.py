"""Transcripts as the page of a run shows them: what each agent was told, what it said, and what judges made of it."""

import base64
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simrun.agents.persona import masked
from simrun.agents.printable import escaped, printable
from simrun.log.manifest import Manifest
from simrun.play.transcripts import Asked, Transcript, transcripts
from simrun.report.pairs import Listed

LONGEST = 60_000
"""Characters of one text that are shown: what is longer is cut, and says so."""
Told = dict[str, Any]


def shown(text: str) -> str | list[str]:
    """A text fit to show; with slurs in it both forms, the second one coded, so that no search of the file shows it."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters are in the log)"
    safe, whole = printable(text), escaped(text)
    return safe if safe == whole else [safe, base64.b64encode(whole.encode()).decode()]


def kept(run: Path, manifest: Manifest, listed: Listed, most: int) -> Mapping[int, Told]:
    """Place -> transcript, in the order of the places."""
    wanted = listed.kept(most)
    if not wanted:
        return {}
    found = transcripts(run, manifest.plan(), manifest.tip(), wanted)
    places = {wanted[each.trial.id]: told(each) for each in found}
    return dict(sorted(places.items()))


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


def told(each: Transcript) -> Told:
    """One transcript as plain JSON: `prompts`, what stands first in each chat; `turns`, in order; `judges`."""
    asked = {(one.chat.role, one.chat.chat, one.chat.nth): one for one in each.asked}  # the last attempt counts
    turns: list[Told] = []
    judges: list[Told] = []
    for entry in each.stage.transcript:
        call = None if entry.nth is None else asked.get((entry.role, entry.chat, entry.nth))
        said = entry.heard or entry.text
        line = {"role": printable(entry.role), "kind": entry.kind, "text": shown(said), **_of_call(call, said)}
        (judges if call and call.chat.priority else turns).append(line)
    return {"trial": each.trial.id, "prompts": list(_prompts(each.asked)), "turns": turns, "judges": judges}


def _of_call(asked: Asked | None, heard: str) -> Told:
    """What is known of a turn that a model took: only what there is, so that a large run stays small."""
    if asked is None:
        return {}
    reply = asked.reply
    told = {
        "chat": printable(asked.chat.chat),
        "asked": shown(asked.chat.messages[-1].content),
        "images": len(asked.chat.messages[-1].images),
        "raw": shown(reply.text) if reply.text.strip() != heard.strip() else "",
        "decision": _decision(asked),
        "options": _chances(asked),
        "mass": asked.call.answer.mass,
        "problem": reply.problem or "",
        "why": printable(reply.why),
        "again": asked.chat.attempt,
    }
    return {key: value for key, value in told.items() if value not in ("", 0, None, {}, [])}


def _decision(asked: Asked) -> list[list[Any]]:
    decision = asked.reply.decision
    return (
        [[printable(key), _value(value)] for key, value in decision.model_dump(mode="json").items()] if decision else []
    )


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
