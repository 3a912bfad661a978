"""What is varied -> arms -> paired trials; what cannot be compared is refused before a token is spent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import orjson

from simrun.agents.bias import NONE
from simrun.casting import BIASED, OWN, Casting
from simrun.catalogue import Catalogue, ConfigError, unknown
from simrun.config import Config, Role
from simrun.episode import Arm, Exclusion, Trial
from simrun.scenarios.base import Case, Fault, Unfit
from simrun.stage import Luck


class Plan:
    """A run's arms, cases and owed trials, checked: every axis, level, bias and option exists, and every arm differs.

    Raises ConfigError otherwise; a case that an arm makes no sense for is an exclusion, not an error.
    """

    def __init__(self, config: Config, catalogue: Catalogue):
        self.config, self.catalogue = config, catalogue
        self.arms = arms(config, catalogue)
        _check_biases(config)
        self.castings = {arm.name: Casting(config, catalogue, arm) for arm in self.arms}
        self.reference = self.castings[self.arms[0].name]
        self.cases, self.faults = chosen(config, self.reference)
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
                        yield Trial(id=self._id(case, arm, repeat), case=case, arm=arm.name, repeat=repeat)

    def _identity(self, arm: Arm) -> list[Any]:
        """What an arm gives to the ids of its trials: its scenario's options, its settings, and whether it is a control."""
        options = self.castings[arm.name].scenario.model_dump(mode="json", exclude={"voiced", "data"})
        return [self.reference.scenario.name, options, dict(arm.settings), arm.control]

    def _id(self, case: str, arm: Arm, repeat: int) -> str:
        name, options, settings, control = self._told[arm.name]
        told = orjson.dumps([name, options, case, settings, control, repeat, self.config.seed], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(told, digest_size=8).hexdigest()

    def comparable(self) -> None:
        """ConfigError where one case is to show an effect: it would have no interval, and nothing to say of others."""
        if len(self.cases) == 1 and self.config.factors:
            raise ConfigError(
                f"one case ({next(iter(self.cases))}) cannot show what {', '.join(self.config.factors)} changes: an interval needs two; "
                "give cases=2 or more, or vary={} to play it without comparing anything"
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

    def _check_images(self) -> None:
        if getattr(self.reference.scenario, "images", "never") == "never" or not any(case.images for case in self.cases.values()):
            return
        for arm, casting in self.castings.items():
            # the scripted agents of the positive control look at nothing
            if not casting.arm.control.startswith("positive") and not casting.backends["doctor"].takes_images():
                backend = casting.backends["doctor"].name
                raise ConfigError(
                    f"scenario.images={getattr(casting.scenario, 'images', '')} shows images to the doctor, but backend={backend} takes none (arm {arm}); "
                    "use backend=server backend.images=true with a model that sees, or scenario.images=never"
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
                raise ConfigError(f"no case fits arm {arm.name!r}: {'; '.join(sorted(set(left))[:3])}")
        for arm in self.arms[1:]:
            if arm.control not in ("same", "positive reference") and not any(
                self._differs(self.castings[arm.name], case) for case in self.cases.values()
            ):
                raise ConfigError(
                    f"arm {arm.name!r} changes nothing: it plays the same prompts on the same backends as {self.arms[0].name!r}"
                )

    def _differs(self, casting: Casting, case: Case) -> bool:
        other = self.reference
        if casting.backends != other.backends or casting.scenario != other.scenario:
            return True
        luck = Luck(self.config.seed, case.id, 0)
        try:
            return casting.cast(case, luck) != other.cast(case, luck)
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
    return (*found, *(arm for control in dict.fromkeys(config.design.controls) for arm in _control(control, found, config, catalogue)))


def _check_factor(key: str, levels: Sequence[str], config: Config, catalogue: Catalogue) -> None:
    role, what = key.split(".", 1)
    if len(set(levels)) < max(2, len(levels)) or not all(level.strip() for level in levels):
        raise ConfigError(
            f"vary.{key}={list(levels)}: give at least two different levels, none of them empty, the first being the reference"
        )
    teams = config.played().teams
    member = teams[role][0] if role in teams else role
    own = [*OWN, *([BIASED] if role in teams else []), *catalogue.axes]
    able = list(type(config.played()).model_fields) if role == "scenario" else [*own, *type(config.engine(member)).model_fields]
    if what not in able:
        raise unknown(f"thing to vary of the {role}", what, able)
    if what == BIASED and (wrong := [level for level in levels if not level.isdigit() or int(level) > len(teams[role])]):
        raise ConfigError(
            f"vary.{key}: {', '.join(wrong)} of {len(teams[role])}: give how many of {', '.join(teams[role])} carry the bias, from 0"
        )


def _check_biases(config: Config) -> None:
    """A dose of no bias, or a number of members without one, would change nothing."""
    for key in config.factors:
        role, _, what = key.partition(".")
        biases = config.factors.get(f"{role}.bias", (config.roles.get(role, Role()).bias,))
        if what in ("dose", BIASED) and set(biases) == {NONE.name}:
            raise ConfigError(f"vary.{key}: the {role} has no bias; set roles.{role}.bias=NAME (simrun list biases)")


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
            return [first, *((*first[:index], level, *first[index + 1 :]) for index, of in enumerate(levels) for level in of[1:])]


def _fraction(factors: Mapping[str, Sequence[str]], reduction: int) -> list[tuple[str, ...]]:
    """A generalised subset design (Surowiec et al. 2017, doi:10.1021/acs.analchem.7b00506) with the reference cell first.

    ConfigError unless the levels of each two factors meet in proportion to how often each is played: only then does the difference
    between the arms at two levels of one factor hold nothing of the others.
    """
    sizes = [len(levels) for levels in factors.values()]
    if len(sizes) < 3:
        raise ConfigError(
            f"design.cross=fractional: {len(sizes)} factors are varied, and a part of their combinations needs 3; use design.cross=full"
        )
    from pydoe import gsd

    full, way_out = int(np.prod(sizes)), "give a smaller design.reduction, or design.cross=full"
    if reduction >= full:
        raise ConfigError(f"design.reduction={reduction}: all combinations are only {full}; {way_out}")
    cells = np.unique(np.asarray(gsd(sizes, reduction), dtype=int), axis=0)
    for (one, size), (other, count) in combinations(enumerate(sizes), 2):
        met = np.zeros((size, count))
        np.add.at(met, (cells[:, one], cells[:, other]), 1)
        if (
            not np.allclose(met * len(cells), np.outer(met.sum(axis=1), met.sum(axis=0)))
            or not met.sum(axis=1).all()
            or not met.sum(axis=0).all()
        ):
            names = list(factors)
            raise ConfigError(f"design.reduction={reduction} mixes the effect of {names[one]} with that of {names[other]}; {way_out}")
    if cells[0].any():
        raise ConfigError(f"design.reduction={reduction} leaves the reference arm out; {way_out}")
    return [tuple(levels[index] for levels, index in zip(factors.values(), cell, strict=True)) for cell in cells]


def _name(settings: Mapping[str, str]) -> str:
    return " ".join(f"{key}={level}" for key, level in settings.items()) or "reference"


def _control(control: str, found: Sequence[Arm], config: Config, catalogue: Catalogue) -> Iterator[Arm]:
    reference = found[0].settings
    match control:
        case "same":
            yield Arm(name="same", settings=reference, control="same")
        case "placebo":
            people = [key.split(".")[0] for key in reference if key.split(".")[1] in catalogue.axes] or [config.played().people[-1]]
            yield Arm(name="placebo", settings={**reference, f"{people[0]}.placebo": "blue"}, control="placebo")
        case "swap":
            yield Arm(name="swap", settings={**reference, "scenario.swapped": "true"}, control="swap")
        case "mirror":
            yield Arm(name="mirror", settings={**reference, "scenario.mirrored": "true"}, control="mirror")
        case _:
            if not config.played().script:
                raise ConfigError(
                    f"design.controls: {control}: scenario={config.played().name} has no script that a bias could be planted in"
                )
            yield Arm(name="positive reference", settings=reference, control="positive reference")
            yield Arm(name="positive", settings=reference, control="positive")
