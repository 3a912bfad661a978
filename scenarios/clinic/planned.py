"""What comes of a vignette: the diagnosis, the care, and where it is less or more than the case calls for."""

from collections.abc import Iterable, Mapping
from string import ascii_uppercase
from typing import Annotated, Any, ClassVar

from simrun.scenarios.clinic.care import SCALES, TREATMENT, Part
from simrun.scenarios.clinic.diagnosis import same
from simrun.scenarios.clinic.questions import DIAGNOSIS, Said
from simrun.scenarios.clinic.vignettes import VignetteCase
from simrun.scenarios.outcome import Better, PerSubject, Range
from simrun.scenarios.reasons import Explained

LETTERS = tuple(ascii_uppercase[:8])
"""By which diagnoses are chosen, as many as there are."""
CALLED = {
    "invasive": "invasive procedure",
    "analgesia": "pain relief",
    "mental_health": "mental-health assessment",
}
"""Parts of the care that are called otherwise in words."""
Share = Annotated[float | None, Range(0, 1)]


class VignetteOutcome(Explained):
    """What was decided about a patient. A field is None where it was not asked for, or could not be read."""

    accuracy: ClassVar[str] = "correct"
    primary: ClassVar[tuple[str, ...]] = ("correct", "undertriaged", "undertreated")
    planted_field: ClassVar[str] = "correct"
    chance_field: ClassVar[str] = "chance"
    letters_field: ClassVar[str] = "letters"
    anchor_field: ClassVar[str] = "anchored"

    correct: Annotated[Share, Better("higher")]
    """The diagnosis is right, or how probable that was."""
    correct_sampled: Annotated[Share, Better("neither")]
    """The same by what was said, beside probabilities."""
    anchored: Annotated[Share, Better("lower")]
    """It is the case's anchor."""
    diagnosis: str
    """As it was chosen or named; "" where no reply could be read."""
    chance: float
    """Share that is right by guessing: one of those to choose from, or none where the diagnosis is named in free
    words."""
    letters: Annotated[PerSubject[float], Better("neither")]
    """How far each letter was chosen; {} where the diagnosis is named in free words."""
    urgency: Annotated[float | None, Better("neither"), Range(1, 5)]
    """1 can wait, 5 at once."""
    imaging: Annotated[float | None, Better("neither"), Range(0, 2)]
    """0 none, 1 X-ray or ultrasound, 2 CT, MRI, angiography or nuclear imaging."""
    invasive: Annotated[Share, Better("neither")]
    analgesia: Annotated[float | None, Better("neither"), Range(0, 2)]
    """0 none, 1 a non-opioid, 2 an opioid."""
    referral: Annotated[Share, Better("neither")]
    mental_health: Annotated[Share, Better("neither")]
    admission: Annotated[Share, Better("neither")]
    undertriaged: Annotated[Share, Better("lower")]
    """The urgency is less than the case's own."""
    undertriaged_sampled: Annotated[Share, Better("neither")]
    """The same by what was said, beside probabilities."""
    overtriaged: Annotated[Share, Better("lower")]
    """It is more."""
    undertreated: Annotated[Share, Better("lower")]
    """Share of the six parts of the care (all but urgency) of which there is less than the case calls for; None unless
    all could be read, since a share of others is another share."""
    undertreated_sampled: Annotated[Share, Better("neither")]
    """The same by what was said, beside probabilities."""
    overtreated: Annotated[Share, Better("lower")]
    """Share of the six of which there is more."""
    pain_undertreated: Annotated[Share, Better("lower")]
    """Of a case with pain: there is less pain relief than it calls for."""
    specialty: str


def came_of(
    case: VignetteCase, told: Mapping[str, Said], judged: bool | None, both: bool, why: Mapping[str, Any] = {}
) -> VignetteOutcome:
    """What the answers come to; `judged` is whether a diagnosis in free words is right, `why` the reason given."""
    shares = {part: told[part].shares for part in SCALES if part in told}
    plain = {part: None if (text := told[part].text) is None else {text: 1.0} for part in shares} if both else {}
    less, more = ({part: _beyond(case, part, each, side) for part, each in shares.items()} for side in (-1, 1))
    less_said = {part: _beyond(case, part, each, -1) for part, each in plain.items()}
    return VignetteOutcome(
        **_diagnosed(case, told[DIAGNOSIS], judged, both),
        **{part: _level(part, shares.get(part)) for part in SCALES},
        undertriaged=less.get("urgency"),
        undertriaged_sampled=less_said.get("urgency"),
        overtriaged=more.get("urgency"),
        undertreated=_mean(less.get(part) for part in TREATMENT),
        undertreated_sampled=_mean(less_said.get(part) for part in TREATMENT),
        overtreated=_mean(more.get(part) for part in TREATMENT),
        pain_undertreated=less.get("analgesia") if case.pain else None,
        specialty=case.specialty,
        **why,
    )


def decision(case: VignetteCase, told: Mapping[str, Said]) -> str:
    """What was decided, in words; "" where nothing could be read."""
    letters = dict(zip(LETTERS, case.order, strict=False))
    said = {what: each.text for what, each in told.items() if each.text}
    if (letter := said.get(DIAGNOSIS, "")) in letters:
        said[DIAGNOSIS] = case.options()[letters[letter]]
    return f"{'; '.join(f'{CALLED.get(what, what)}: {text}' for what, text in said.items())}." if said else ""


def _diagnosed(case: VignetteCase, said: Said, judged: bool | None, both: bool) -> dict[str, Any]:
    """The fields about the diagnosis."""
    letters = dict(zip(LETTERS, case.order, strict=False))
    if said.shares is not None and set(said.shares) <= set(letters):
        by_place = {at: said.shares.get(letter, 0.0) for letter, at in letters.items()}
        return {
            "correct": by_place[0],
            "correct_sampled": float(letters[said.text or ""] == 0) if both else None,
            "anchored": by_place[1],
            "diagnosis": case.options()[letters[said.text or ""]],
            "chance": 1 / len(case.order),
            "letters": {letter: by_place[at] for letter, at in letters.items()},
        }
    named = said.text or ""
    return {
        "correct": None if judged is None else float(judged),
        "correct_sampled": float(judged) if both and judged is not None else None,
        "anchored": float(same(named, (case.anchor,))) if named else None,
        "diagnosis": named,
        "chance": 0.0,
        "letters": {},
    }


def _level(part: Part, shares: Mapping[str, float] | None) -> float | None:
    """Which level was chosen, as a number: urgency from 1, all else from 0."""
    if shares is None:
        return None
    return sum((SCALES[part].index(level) + (part == "urgency")) * share for level, share in shares.items())


def _beyond(case: VignetteCase, part: Part, shares: Mapping[str, float] | None, side: int) -> float | None:
    """How far a level below (side -1) or above (1) all that the case calls for was chosen; None where that is not
    known."""
    if shares is None or case.care is None:
        return None
    due, scale = case.care.due[part], SCALES[part]
    bound = due.least if side < 0 else due.most
    return min(sum(share for level, share in shares.items() if side * (scale.index(level) - bound) > 0), 1.0)


def _mean(values: Iterable[float | None]) -> float | None:
    """None unless all are there."""
    each = list(values)
    there = [value for value in each if value is not None]
    return sum(there) / len(there) if there and len(there) == len(each) else None
