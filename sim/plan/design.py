"""What is varied -> arms -> paired trials; what cannot be compared is refused before a token is spent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from simrun.agents.bias import NONE
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import Catalogue
from simrun.config.options import Config
from simrun.plan.arms import Arm, Exclusion
from simrun.plan.casting import BIASED, OWN, Casting
from simrun.scenarios.base import Case, Fault, Unfit
from simrun.stage.seeds import Luck
from simrun.stage.trial import Trial


class Plan:
    """A run's arms, cases and owed trials, checked: every axis, level, bias and option exists, and every arm differs.

    Raises ConfigError otherwise; a case that an arm makes no sense for is an exclusion, not an error.
    """

    def __init__(self, config: Config, catalogue: Catalogue):
        self.config, self.catalogue = config, catalogue
        self.arms = arms(config, catalogue)
        self.castings = {arm.name: Casting(config, catalogue, arm) for arm in self.arms}
        self.reference = self.castings[self.arms[0].name]
        self._check_kinds()
        self._doses = self._found_doses()
        self._check_biases()
        self.cases, self.faults = chosen(config, self.reference)
        self._check_stated()
        self._told = {arm.name: self._identity(arm) for arm in self.arms}
        self.exclusions = tuple(self._exclusions())
        self._excluded = {(exclusion.case, exclusion.arm) for exclusion in self.exclusions}
        self._check_images()
        self._check_primary()
        self._check_differences()

    def trials(self) -> Iterator[Trial]:
        """What is owed, in playing order: cases as drawn, the arms of a pair side by side."""
        for case in self.cases:
            for repeat in range(self.config.repeats):
                for arm in self.arms:
                    if (case, arm.name) not in self._excluded:
                        yield self.trial(case, arm.name, repeat)

    def trial(self, case: str, arm: str, repeat: int) -> Trial:
        """The trial of a case, an arm and a repeat, whether or not it is owed."""
        told = orjson.dumps([*self._told[arm], case, repeat, self.config.seed], option=orjson.OPT_SORT_KEYS)
        return Trial(id=hashlib.blake2b(told, digest_size=8).hexdigest(), case=case, arm=arm, repeat=repeat)

    def _identity(self, arm: Arm) -> list[Any]:
        """What an arm gives to the ids of its trials: its scenario's options, its settings, and whether it is a control."""
        scenario = self.castings[arm.name].scenario
        options = scenario.model_dump(mode="json", exclude={"voiced", *scenario.files()})
        return [scenario.name, scenario.mode, options, dict(arm.settings), arm.control]

    def comparable(self) -> None:
        """ConfigError where nothing could be found: one case has no interval, and says nothing of others; levels that play alike have no effect.

        For a run that is to begin: one that was played can be read whatever it could show.
        """
        if len(self.cases) == 1 and self.config.factors:
            raise ConfigError(
                f"one case ({next(iter(self.cases))}) cannot show what {', '.join(self.config.factors)} changes: an interval needs two; "
                "give cases=2 or more, or vary={} to play it without comparing anything"
            )
        self._check_pairs()
        self._check_levels()
        self._check_carried()

    def _check_pairs(self) -> None:
        """Exclusions may leave one case where two were asked for."""
        first = self.arms[0].name
        for arm in self.arms[1:]:
            both = [case for case in self.cases if not self._excluded & {(case, arm.name), (case, first)}]
            if len(both) < 2 and not arm.control:
                why = sorted({each.why for each in self.exclusions if each.arm in (arm.name, first)})
                raise ConfigError(
                    f"arm {arm.name!r}: of {len(self.cases)} cases {len(both)} fits it and the reference, and an interval needs two "
                    f"({'; '.join(why[:3])}); give more cases, or another level"
                )

    def _check_levels(self) -> None:
        """Levels that are spelled differently may play alike; a fraction may leave out the arms that would show it."""
        for key, levels in self.config.factors.items():
            for one, other in combinations(levels, 2):
                pair = self._alone(key, one), self._alone(key, other)
                if not any(self._differ(*pair, case) for case in self.cases.values()):
                    raise ConfigError(
                        f"vary.{key}: {one!r} and {other!r} play the same prompts on the same backends; leave one of them out"
                    )

    def _alone(self, key: str, level: str) -> Casting:
        """The reference arm with one level changed, whether or not the design plays it."""
        settings = {**self.reference.arm.settings, key: level}
        return self.castings.get(_name(settings)) or Casting(
            self.config, self.catalogue, Arm(name=_name(settings), settings=settings)
        )

    def _check_carried(self) -> None:
        for (role, bias), doses in self._doses.items():
            if doses == {0} and self.reference.scenario.team(role) == role:
                raise ConfigError(
                    f"the {role}'s bias {bias!r} is played at dose 0 only, which is its control text: nobody carries it; "
                    f"set roles.{role}.dose to 1, 2 or 3, or roles.{role}.bias=none"
                )

    def _found_doses(self) -> dict[tuple[str, str], set[int]]:
        """Role, or team, and bias -> the doses at which the design plays it."""
        doses: dict[tuple[str, str], set[int]] = {}
        for casting in self.castings.values():
            for role, own in casting.roles.items():
                for by in {role, casting.scenario.team(role)} if own.bias != NONE.name else ():
                    doses.setdefault((by, own.bias), set()).add(own.dose)
        return doses

    def _check_kinds(self) -> None:
        """Arms are compared in the outcomes that all of them have."""
        kind = self.reference.scenario.outcome
        for arm, casting in self.castings.items():
            if (other := casting.scenario.outcome) is not kind:
                raise ConfigError(
                    f"arm {arm!r} ends in a {other.__name__} and the reference in a {kind.__name__}, which cannot "
                    "be compared; play them as two runs"
                )

    def _check_biases(self) -> None:
        """A dose of no bias, or a number of members without one, would change nothing."""
        for key in self.config.factors:
            role, _, what = key.partition(".")
            if what in ("dose", BIASED) and not any(by == role for by, _ in self._doses):
                raise ConfigError(
                    f"vary.{key}: the {role} has no bias; set roles.{role}.bias=NAME (simrun list biases)"
                )

    def _exclusions(self) -> Iterator[Exclusion]:
        for name, case in self.cases.items():
            for arm in self.arms:
                casting = self.castings[arm.name]
                try:
                    casting.stage(case, Trial(id="", case=name, arm=arm.name, repeat=0))  # as far as its first turn
                except Unfit as unfit:
                    yield Exclusion(case=name, arm=arm.name, why=str(unfit))
                except ValueError as error:
                    raise ConfigError(f"arm {arm.name}: {error}") from None

    def _check_stated(self) -> None:
        """What cases say of their people must be levels of the axes."""
        for name, case in self.cases.items():
            for role, traits in case.persona.items():
                for axis, level in traits.items():
                    try:
                        self.catalogue.axis(axis).level(level)
                    except ValueError as error:
                        way = self.reference.scenario.remedy(axis, level)
                        raise ConfigError(f"case {name!r} says of its {role}: {axis} {level}; {error}; {way}") from None

    def _check_images(self) -> None:
        for arm, casting in self.castings.items():
            if casting.arm.control.startswith("positive"):  # its scripted agents look at nothing
                continue
            shown = (casting.scenario.shown_images(case) for case in self.cases.values())
            for role in dict.fromkeys(chain.from_iterable(shown)):
                if not casting.backends[role].takes_images():
                    raise ConfigError(
                        f"scenario={casting.scenario.name} shows images to the {role}, but backend={casting.backends[role].name} takes none "
                        f"(arm {arm}); use backend=server backend.images=true with a model that sees, or "
                        f"{casting.scenario.without_images or 'cases without images'}"
                    )

    def _check_primary(self) -> None:
        measured = self.reference.scenario.outcome.measured()
        for name in self.config.design.primary:
            if name not in measured:
                raise unknown("outcome for design.primary", name, list(measured))

    def _check_differences(self) -> None:
        """A level that changes nothing would be reported as `no effect`."""
        for arm in self.arms:
            left = [each.why for each in self.exclusions if each.arm == arm.name]
            if len(left) == len(self.cases):
                raise ConfigError(
                    f"no case fits arm {arm.name!r}: {'; '.join(sorted(set(left))[:3])}; give other cases, or another level"
                )
        for arm in self.arms[1:]:
            if arm.control not in ("same", "positive reference") and not any(
                self._differ(self.reference, self.castings[arm.name], case) for case in self.cases.values()
            ):
                way_out = (
                    f"leave {arm.control} out of design.controls"
                    if arm.control
                    else "give another level, or leave it out of vary"
                )
                raise ConfigError(
                    f"arm {arm.name!r} changes nothing: it plays the same prompts on the same backends as {self.arms[0].name!r}; {way_out}"
                )

    def _differ(self, one: Casting, other: Casting, case: Case) -> bool:
        if one.backends != other.backends or one.scenario != other.scenario:
            return True
        luck = Luck(self.config.seed, case.id, 0)
        try:
            return one.cast(case, luck) != other.cast(case, luck)
        except Unfit:
            return False


def chosen(config: Config, casting: Casting) -> tuple[dict[str, Case], tuple[Fault, ...]]:
    """The cases of a run in playing order, by id, and the lines of the bank that are none."""
    try:
        bank, faults = casting.scenario.bank()
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None
    known = {case.id: case for case in bank}
    if isinstance(config.cases, tuple):
        for name in config.cases:
            if name not in known:
                raise unknown("case", name, list(known))
        return {name: known[name] for name in config.cases}, faults
    if config.cases is not None and config.cases < 1:
        raise ConfigError(f"cases={config.cases}: give at least 1, a list of ids, or null for all {len(known)}")
    order = np.random.default_rng(config.seed).permutation(len(bank))[: config.cases]
    return {bank[index].id: bank[index] for index in order}, faults


def arms(config: Config, catalogue: Catalogue) -> tuple[Arm, ...]:
    """The reference first, then the other cells of the design, then the controls."""
    factors = config.factors
    for key, levels in factors.items():
        _check_factor(key, levels, config, catalogue)
    cells = [dict(zip(factors, levels, strict=True)) for levels in _crossed(config)]
    found = [Arm(name=_name(cell), settings=cell) for cell in cells]
    return (
        *found,
        *(
            arm
            for control in dict.fromkeys(config.design.controls)
            for arm in _control(control, found, config, catalogue)
        ),
    )


def _check_factor(key: str, levels: Sequence[str], config: Config, catalogue: Catalogue) -> None:
    role, what = key.split(".", 1)
    if len(set(levels)) < max(2, len(levels)) or not all(level.strip() for level in levels):
        raise ConfigError(
            f"vary.{key}={list(levels)}: give at least two different levels, none of them empty, the first being the reference"
        )
    played, teams = config.played(), config.played().teams()
    member = teams[role][0] if role in teams else role
    own = [*OWN, *([BIASED] if role in teams else []), *catalogue.axes]
    if role in played.written():
        own = ["surface", *catalogue.axes]
    elif role != "scenario":
        own += type(config.engine(member)).model_fields
    able = [*(["mode"] if played.mode else []), *type(played).model_fields] if role == "scenario" else own
    if what not in able:
        raise unknown(f"thing to vary of the {role}", what, able)
    if what == BIASED and (
        wrong := [level for level in levels if not level.isdecimal() or int(level) > len(teams[role])]
    ):
        raise ConfigError(
            f"vary.{key}: {', '.join(wrong)} of {len(teams[role])}: give how many of {', '.join(teams[role])} carry the bias, from 0"
        )


def _crossed(config: Config) -> list[tuple[str, ...]]:
    factors = config.factors
    levels = list(factors.values())
    match config.design.cross:
        case "full":
            return list(product(*levels))
        case "fractional":
            return _fraction(factors, config.design.reduction)
        case _:
            first = tuple(of[0] for of in levels)
            return [
                first,
                *((*first[:index], level, *first[index + 1 :]) for index, of in enumerate(levels) for level in of[1:]),
            ]


def _fraction(factors: Mapping[str, Sequence[str]], reduction: int) -> list[tuple[str, ...]]:
    """A generalised subset design (Surowiec et al. 2017, doi:10.1021/acs.analchem.7b00506) with the reference cell first.

    ConfigError where there is none out of which each factor's effect can be told from the others'.
    """
    sizes = [len(levels) for levels in factors.values()]
    if len(sizes) < 3:
        raise ConfigError(
            f"design.cross=fractional: {len(sizes)} factors are varied, and a part of their combinations needs 3; use design.cross=full"
        )
    cells = _subset(sizes, reduction)
    if why := _unequal(cells, factors):
        able = [other for other in range(2, 10) if not _unequal(_subset(sizes, other), factors)]
        way_out = (
            f"design.reduction={' or '.join(map(str, able))}, or design.cross=full"
            if able
            else "design.cross=full or one_at_a_time"
        )
        raise ConfigError(f"design.reduction={reduction} of {int(np.prod(sizes))} combinations {why}; use {way_out}")
    return [tuple(levels[index] for levels, index in zip(factors.values(), cell, strict=True)) for cell in cells]


def _subset(sizes: Sequence[int], reduction: int) -> npt.NDArray[np.int64]:
    """The cells of a fraction, one in each row, in ascending order; none where levels do not reach so far."""
    from pydoe import gsd

    try:
        return np.unique(np.asarray(gsd(list(sizes), reduction), dtype=np.int64), axis=0)
    except ValueError:  # "reduction too large compared to factor levels"
        return np.empty((0, len(sizes)), dtype=np.int64)


def _unequal(cells: npt.NDArray[np.int64], factors: Mapping[str, Sequence[str]]) -> str:
    """Why a fraction cannot tell its factors apart, "" where it can.

    The levels of each two factors must meet in proportion to how often each is played: only then does the difference
    between the arms at two levels of one factor hold nothing of the others.
    """
    if any(len(set(column)) < len(levels) for column, levels in zip(cells.T, factors.values(), strict=True)):
        return "leaves too few to play every level"
    if cells[0].any():
        return "leaves out the reference arm"
    for (one, first), (other, second) in combinations(enumerate(factors), 2):
        met = np.zeros((len(factors[first]), len(factors[second])))
        np.add.at(met, (cells[:, one], cells[:, other]), 1)
        if not np.array_equal(met * len(cells), np.outer(met.sum(axis=1), met.sum(axis=0))):
            return f"mixes the effect of {first} with that of {second}"
    return ""


def _name(settings: Mapping[str, str]) -> str:
    return " ".join(f"{key}={level}" for key, level in settings.items()) or "reference"


def _control(control: str, found: Sequence[Arm], config: Config, catalogue: Catalogue) -> Iterator[Arm]:
    reference = found[0].settings
    match control:
        case "same":
            yield Arm(name="same", settings=reference, control="same")
        case "placebo":
            people = [key.split(".")[0] for key in reference if key.split(".")[1] in catalogue.axes]
            people = people or [config.played().focus()]
            yield Arm(name="placebo", settings={**reference, f"{people[0]}.placebo": "blue"}, control="placebo")
        case "swap":
            yield Arm(name="swap", settings={**reference, "scenario.swapped": "true"}, control="swap")
        case "mirror":
            yield Arm(name="mirror", settings={**reference, "scenario.mirrored": "true"}, control="mirror")
        case _:
            _check_planted(config)
            yield Arm(name="positive reference", settings=reference, control="positive reference")
            yield Arm(name="positive", settings=reference, control="positive")


def _check_planted(config: Config) -> None:
    """What is planted is what is there only where every chance can fall by so much."""
    scenario, planted = config.played(), config.design.planted
    chances = [rule.chance for rule in scenario.script if 0 < rule.chance < 1]
    if not chances:
        raise ConfigError(
            f"design.controls: positive: scenario={scenario.name} has no script that a bias could be planted in; leave positive out"
        )
    if planted > min(chances):
        raise ConfigError(
            f"design.planted={planted:g}: scripted agents of scenario={scenario.name} are right with a chance of {min(chances):g}, "
            f"which cannot fall by more; give at most {min(chances):g}"
        )
