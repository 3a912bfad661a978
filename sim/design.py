"""What is varied -> arms -> paired trials; what cannot be compared is refused before a token is spent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import orjson

from simrun.casting import OWN, Casting
from simrun.catalogue import Catalogue, ConfigError, unknown
from simrun.config import Config
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
        self.castings = {arm.name: Casting(config, catalogue, arm) for arm in self.arms}
        self.reference = self.castings[self.arms[0].name]
        self.cases, self.faults = chosen(config, self.reference)
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

    def _id(self, case: str, arm: Arm, repeat: int) -> str:
        options = self.castings[arm.name].scenario.model_dump(mode="json", exclude={"voiced", "data"})
        told = orjson.dumps(
            [self.reference.scenario.name, options, case, dict(arm.settings), arm.control, repeat, self.config.seed],
            option=orjson.OPT_SORT_KEYS,
        )
        return hashlib.blake2b(told, digest_size=8).hexdigest()

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
            if not casting.backends["doctor"].takes_images():
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
            if arm.control != "same" and not any(self._differs(self.castings[arm.name], case) for case in self.cases.values()):
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
    cells = [dict(zip(factors, levels, strict=True)) for levels in _crossed(config, list(factors.values()))]
    found = [Arm(name=_name(cell), settings=cell) for cell in cells]
    return (*found, *(_control(control, found, config, catalogue) for control in config.design.controls))


def _check_factor(key: str, levels: Sequence[str], config: Config, catalogue: Catalogue) -> None:
    role, what = key.split(".", 1)
    if len(set(levels)) < max(2, len(levels)):
        raise ConfigError(f"vary.{key}={list(levels)}: give at least two different levels, the first being the reference")
    able = (
        list(type(config.played()).model_fields) if role == "scenario" else [*OWN, *catalogue.axes, *type(config.engine(role)).model_fields]
    )
    if what not in able:
        raise unknown(f"thing to vary of the {role}", what, able)


def _crossed(config: Config, levels: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    if config.design.cross == "full":
        return list(product(*levels))
    first = tuple(of[0] for of in levels)
    return [first, *((*first[:index], level, *first[index + 1 :]) for index, of in enumerate(levels) for level in of[1:])]


def _name(settings: Mapping[str, str]) -> str:
    return " ".join(f"{key}={level}" for key, level in settings.items()) or "reference"


def _control(control: str, found: Sequence[Arm], config: Config, catalogue: Catalogue) -> Arm:
    reference = found[0].settings
    if control == "same":
        return Arm(name="same", settings=reference, control="same")
    people = [key.split(".")[0] for key in reference if key.split(".")[1] in catalogue.axes] or [config.played().people[-1]]
    return Arm(name="placebo", settings={**reference, f"{people[0]}.placebo": "blue"}, control="placebo")
