"""What agents are told before anybody has spoken, and which words of it may differ between two arms."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simrun.agents.agent import Agent
from simrun.agents.persona import Persona, Trait
from simrun.plan.arms import Setting
from simrun.plan.casting import Casting
from simrun.plan.design import Plan
from simrun.scenarios.base import Case
from simrun.stage.stage import SILENCE, Stage

SCRIPT = "script"
"""Stands for the role of those who say what is written."""
WRITTEN = "script as it is written"
"""Stands for the same in every language that there is of it, before anybody's variety: the same in every arm, but for
what else is declared."""
FRAMES = ("Name", "About you")
"""What stands before any persona, and so comes and goes with it; a scenario adds its own (`Scenario.frames`)."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One case in one arm, before anybody has spoken."""

    casting: Casting
    personas: Mapping[str, Persona]
    cast: Mapping[str, Agent]
    texts: Mapping[str, tuple[str, ...]]
    """By role, all that it is told."""
    originals: tuple[Mapping[str, str], ...] = ()
    """What is said in any case, line by line and by language, before anybody's variety."""


def told(plan: Plan, arm: str, case: Case) -> Staged:
    """A case that fits an arm, staged in it."""
    casting = plan.castings[arm]
    seeds = casting.seeds(plan.trial(case.id, arm, 0))
    fitted, cast = casting.cast(case, seeds)
    texts = Stage(casting.scenario, fitted, cast, seeds).told()
    scenario = casting.worded(seeds)
    originals = scenario.originals(fitted)
    if lines := scenario.scripted(fitted):
        texts = {**texts, SCRIPT: lines, WRITTEN: tuple(text for line in originals for text in line.values())}
    return Staged(casting, casting.personas(case, seeds), cast, texts, originals)


def spans(reference: Staged, arm: Staged, setting: Setting) -> Iterator[str]:
    """The texts that may differ where a setting does."""
    role, what = setting.role, setting.what
    both, members = (reference, arm), [each for each in arm.cast if role in (each, arm.casting.scenario.team(each))]
    match setting.kind:
        case "bias" | "dose" | "control" | "target" | "biased":
            yield from (side.cast[each].tendency for side in both for each in members)
        case "mitigation":
            yield from (side.cast[each].guard for side in both for each in members)
            if any(side.cast[each].blind for side in both for each in members):
                yield from _hidden(both)
        case "aware":
            yield from _hidden(both)
        case "surface" | "knows":
            yield from (span for side in both for each in members for span in _whole(side, each))
        case _:
            yield from (*FRAMES, *arm.casting.scenario.frames)
            for each in members:
                yield f"About the {each}"
                yield from _shown(reference.personas[each], arm.personas[each], what)


def throughout(reference: Staged, arm: Staged, setting: Setting) -> Iterator[str]:
    """Every scripted line as a whole, put here into the way in which each side's persona speaks, where that is what is
    set: may differ as it is said, and not as it is written.

    A scenario that makes anything else of its lines is found, also where it is a word of the variety's.
    """
    role, what = setting.role, setting.what
    for side in (reference, arm):
        for persona in (own for each, own in side.personas.items() if role in (each, side.casting.scenario.team(each))):
            spoken = {trait.axis.name for trait in persona.traits if trait.surface == "spoken"}
            if setting.kind == "surface" or (setting.kind == "axis" and what in spoken):
                written = (line[persona.language()] for line in side.originals if persona.language() in line)
                yield from (persona.spoken(text) for text in written)


def _shown(reference: Persona, arm: Persona, axis: str) -> Iterator[str]:
    """Every text by which two personas show their levels on an axis; of names, clubs and the like
    those that stand at one rank of their lists."""
    for persona in (reference, arm):
        yield from _said(persona, axis)
    one, other = _ranked(reference, axis), _ranked(arm, axis)
    for surface in {**one, **other}:
        entries = [each[surface] for each in (one, other) if surface in each]
        if len({rank for rank, _ in entries}) == 1:
            yield from (text for _, text in entries)


def _said(persona: Persona, axis: str) -> Iterator[str]:
    """What is stated or said first of the level, and how a bias names the group."""
    gender, trait = persona.trait("gender"), persona.trait(axis)
    if trait is None:
        return
    others = (gender.model_copy(update={"surface": "stated"}),) if gender and gender != trait else ()
    level = trait.axis.level(trait.level)
    yield from (trait.stated(), trait.group(), *level.pronouns, Persona(traits=(*others, trait)).opening())


def _ranked(persona: Persona, axis: str) -> dict[str, tuple[int, str]]:
    """Surface -> rank in its list and text, where the axis shows so.

    A name shows gender as well as what its list is of.
    """
    found: dict[str, tuple[int, str]] = {}
    for trait in persona.traits:
        if trait.surface == "name" and axis in (trait.axis.name, "gender") and (name := persona.name()):
            lists = trait.axis.level(trait.level).names.values()
            found["name"] = next(
                ((names.index(name), name) for names in lists if name in names), found.get("name", (0, name))
            )
        elif trait.axis.name == axis and (entries := _entries(trait)):
            found[trait.surface] = (at := persona.draw % len(entries), entries[at])
    return found


def _entries(trait: Trait) -> Sequence[str]:
    level = trait.axis.level(trait.level)
    return {"club": level.clubs, "school": level.schools, "gap": level.gaps}.get(trait.surface, ())


def _hidden(sides: Sequence[Staged]) -> Iterator[str]:
    """All that is told of anybody, and what stands in its place where nobody is told of."""
    yield SILENCE
    yield from (span for side in sides for each in side.personas for span in _whole(side, each))


def _whole(side: Staged, role: str) -> Iterator[str]:
    """All that shows of somebody, and what stands around it; of names, clubs and the like all,
    since others who are compared show by them."""
    persona = side.personas[role]
    yield from (*FRAMES, *side.casting.scenario.frames, f"About the {role}", *persona.paper().spans())
    for trait in persona.traits:
        level = trait.axis.level(trait.level)
        yield from (name for names in level.names.values() for name in names)
        yield from (*level.clubs, *level.schools, *level.gaps, *_said(persona, trait.axis.name))


def agreed(side: Staged, setting: Setting) -> Iterator[str]:
    """The words that a case's own text is rewritten with, to agree with a level."""
    role, axis = setting.role, setting.what
    yield from side.casting.scenario.agreeing(axis)
    for trait in (
        trait
        for each, persona in side.personas.items()
        if each == role
        for trait in persona.traits
        if trait.axis.name == axis
    ):
        level = trait.axis.level(trait.level)
        yield from (level.phrase or trait.level, *level.terms)
        if trait.level.isdigit():
            yield from (trait.level, f"{trait.level}-year-old", f"{trait.level}-years-old")
