"""docs/prompts/: every scenario's prompts as they are sent, to be read; `python benchmarks/prompt_pages.py` writes it.

One case of each mode is played by scripted agents; then follow the texts of biases at every dose. What each level of
each axis says of somebody is a page of its own. `tests/scenarios/test_prompt_pages.py` fails where a file is not what
this makes.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from simrun.agents.bias import Bias
from simrun.agents.persona import Axis, Level
from simrun.agents.records import Chat, Message
from simrun.agents.reply import Reply
from simrun.config.menus import Catalogue, catalogue, modes, scenarios
from simrun.config.options import Config
from simrun.plan.design import Plan, planned
from simrun.scenarios.base import Scenario, Turn
from simrun.stage.drive import anywhere, drive

PAGES = Path(__file__).parents[1] / "docs" / "prompts"
MADE = "Written by `python benchmarks/prompt_pages.py`; not to be edited."
PEOPLE = "people"
"""The page of what personas, mitigations and the like say, which is the same in every scenario."""
PERSON = {"gender": "woman", "ethnicity": "Black"}
OPTIONS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "clinic": (
        {"mode": "consultation", "examiner": "agent", "reason": True},
        {"mode": "consultation", "patient": "scripted", "wording": 1},
        {"mode": "consultation", "mirrored": True, "wording": 2},
        {"mode": "vignette", "reason": True},
        {"mode": "vignette", "answer": "free", "calls": "one", "wording": 1},
        {"mode": "vignette", "plan": False, "wording": 2},
    ),
    "recruitment": (
        *({"mode": mode, "reason": True} for mode in ("screen", "compare", "rank")),
        {"mode": "screen", "style": "full", "bar": "untold"},
        {"mode": "panel", "auditor": True},
        {"mode": "letter", "letter_from": "person"},
    ),
}
"""What is played beside each mode as it is by default, since a prompt depends on it."""
ALIKE, REPEATED = 2, "(... as above)"
"""From how many lines on what was printed before is left out."""
MOST = 24
"""Calls of one episode that are printed."""


def written(folder: Path = PAGES) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Name -> page."""
    known = catalogue()
    return {PEOPLE: people(known), **{name: page(name, kind, known) for name, kind in scenarios().items()}}


def page(name: str, kind: type[Scenario], known: Catalogue) -> str:
    """What one scenario says to its agents."""
    own = OPTIONS.get(name, ())
    plain = [{"mode": mode} for mode in modes(kind) if mode not in {each["mode"] for each in own}]
    options = sorted([*plain, *own], key=lambda each: str(each["mode"]))
    parts = [_played({"name": name, **each}, known) for each in options]
    return "\n\n".join((f"# Prompts: {name}", MADE, *parts, _biases(kind, known))) + "\n"


def _played(options: Mapping[str, Any], known: Catalogue) -> str:
    """One case with these options, call by call."""
    plan = _plan(options, known)
    stage = plan.stage(next(iter(plan.trials())))
    asked: list[tuple[Turn, Chat, Reply]] = []

    async def ask(turn: Turn, chat: Chat) -> Reply:
        reply = Reply.of(await plan.reference.backends[turn.role].reply(chat), turn.kinds())
        asked.append((turn, chat, reply))
        return reply

    anywhere(drive(stage, ask))
    told = ", ".join(f"scenario.{name}={value}" for name, value in options.items() if name != "name")
    seen: set[str] = set()
    blocks = [block for turn, chat, reply in asked if (block := _call(turn, chat, reply, seen))]
    left = [f"({len(blocks) - MOST} more calls of this episode are left out.)"] * (len(blocks) > MOST)
    return "\n\n".join((f"## {told}", *blocks[:MOST], *left))


def _plan(options: Mapping[str, Any], known: Catalogue) -> Plan:
    """The first arm of one case, in which the one whom it is about is somebody."""
    raw = {
        "scenario": dict(options),
        "backend": {"name": "scripted"},
        "vary": {},
        "design": {"controls": []},
        "cases": 1,
    }
    about = Config.of(raw).played().focus()
    roles = {about: {"persona": PERSON}} if about else {}
    return planned(Config.of({**raw, "roles": roles}), known)


def _call(turn: Turn, chat: Chat, reply: Reply, seen: set[str]) -> str:
    """What is new in one call; "" where nothing is."""
    parts = [f"[{message.role}]\n{text}" for message in chat.messages if (text := _new(message, seen))]
    if not parts:
        return ""
    where = f", chat {turn.chat}" if turn.chat else ""
    aside = ", aside" if turn.private else ""
    fence = "````"
    return f"**{turn.role}{where}{aside}**\n\n{fence}text\n" + "\n".join(
        (*parts, f"[scripted reply]\n{reply.text}", fence)
    )


def _new(message: Message, seen: set[str]) -> str:
    """The lines of a message, those left out that stood on the page before; "" where all did."""
    kept: list[str] = []
    before: list[str] = []
    for line in message.content.splitlines():
        if line.strip() and line in seen:
            before.append(line)
            continue
        if not line.strip() and before:
            before.append(line)
            continue
        kept += _short(before)
        before = []
        kept.append(line)
    new = any(line.strip() and line not in seen for line in kept)
    kept += _short(before)
    seen.update(line for line in kept if line != REPEATED)
    return "\n".join(kept) if new else ""


def _short(lines: list[str]) -> list[str]:
    return lines if len([line for line in lines if line.strip()]) < ALIKE else [REPEATED]


def _biases(kind: type[Scenario], known: Catalogue) -> str:
    """The texts of all biases that a role of the scenario can carry, each once."""
    played = [each(**({"auditor": True} if "auditor" in each.model_fields else {})) for each in _kinds(kind)]
    roles = dict.fromkeys(each.team(role) for each in played for role in each.people())
    found = {
        f"{bias.role}/{bias.name}": bias for role in roles for bias in known.biases.values() if role in bias.carriers()
    }
    texts = (f"### {name}\n\n{bias.about}\n\n{_doses(bias)}" for name, bias in sorted(found.items()))
    return "\n\n".join(("## Biases", *texts))


def _kinds(kind: type[Scenario]) -> tuple[type[Scenario], ...]:
    return tuple(modes(kind).values()) or (kind,)


def _doses(bias: Bias) -> str:
    """Every text, its slots left open."""
    slots = {"anchor": "{anchor}", "group": "{group}"}
    texts = {f"dose {dose}": bias.prompt(dose, **slots) for dose in range(1, len(bias.doses) + 1)}
    texts |= {f"control ({control})": bias.prompt(0, **slots, control=control) for control in bias.controls()}
    return "\n".join(f"- {name}: {text}" for name, text in texts.items())


def people(known: Catalogue) -> str:
    """What each level of each axis says of somebody, and each mitigation's text."""
    axes = (f"## {name}\n\n{axis.about}\n\n{_levels(axis)}" for name, axis in known.axes.items())
    measures = "\n".join(f"- {name}: {each.prompt or each.about}" for name, each in known.mitigations.items())
    return "\n\n".join(("# Prompts: people", MADE, *axes, f"## Mitigations\n\n{measures}")) + "\n"


def _levels(axis: Axis) -> str:
    return "\n".join(f"- `{key}`: {'; '.join(_shown(axis, key, level))}" for key, level in axis.levels.items())


def _shown(axis: Axis, key: str, level: Level) -> Iterator[str]:
    """In every way in which a level can show, one example."""
    yield axis.stated.format(level=level.phrase or key)
    if level.group:
        yield f"group: {level.group}"
    for who, names in level.names.items():
        yield f"names ({who}): {names[0]} ... ({len(names)})"
    for cue in dict.fromkeys([level.cue] if isinstance(level.cue, str) else level.cue.values()):
        if cue:
            yield f'first words: "{cue}"'
    for what, entries in (("club", level.clubs), ("school", level.schools), ("gap", level.gaps)):
        if entries:
            yield f"{what}: {entries[0]}"
    if level.pronouns:
        yield f"pronouns: {', '.join(level.pronouns)}"


if __name__ == "__main__":
    written()
