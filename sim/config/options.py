"""The options of a run: each lives once, as a field, and Hydra's nodes are made from the fields."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from simrun.agents.backends.base import Backend
from simrun.agents.backends.scripted import Scripted
from simrun.agents.bias import Control
from simrun.agents.judges.base import Judge
from simrun.agents.persona import Surface
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained, unknown
from simrun.config.gate import OPEN, Gate
from simrun.config.judging import LABELS, panel
from simrun.config.menus import backend, judge, modes, options, scenario
from simrun.config.parts import flat, laid, made_of, settled
from simrun.scenarios.base import Outcomes, Scenario


class Role(Record):
    """What one role brings: its own backend, persona and bias."""

    backend: str | None = None
    """A backend of its own; the run's when not given."""
    persona: Mapping[str, str] = {}
    """Axis -> level, the same in every arm."""
    surface: Surface | None = None
    """How the varied axes show (the persona, when none is varied). None is as the scenario has it: applicants show by
    their names what a name can tell, of the persona too; all else is stated."""
    names: int | None = Field(None, ge=1)
    """Of those who show by a name: how many of each list are used, the first ones (their order is drawn); all when not
    given."""
    bias: str = "none"
    """An injected bias: `simrun list biases`."""
    dose: int = Field(2, ge=0, le=3)
    """Strength of the bias; 0 is its control text."""
    control: Control = "unrelated"
    """What that text says: `unrelated` something else altogether; `mention` names the people or the wrong answer that
    the bias is about, and says nothing of them, so that a dose is compared with the mere mention."""
    target: str = ""
    """Of an implicit bias: the level of its axis whose people it is about, in the same words in every arm; "" is the
    last level at which that axis is varied of the one whom the audit is about, or the level that this person has."""
    mitigation: str = "none"
    """A measure against bias."""
    knows: bool = True
    """Whether it is told who it is itself; else only others read it, as on a record."""
    engine: Mapping[str, Any] = {}
    """Options of the backend; `roles.patient.model` is short for `roles.patient.engine.model`."""

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, given: Any) -> Any:
        """Keys that are no field here are options of the backend."""
        if not isinstance(given, Mapping):
            return given
        known = {key: value for key, value in given.items() if key in cls.model_fields}
        rest = {key: value for key, value in given.items() if key not in known}
        if not isinstance(known.get("engine", {}), Mapping):
            return known  # refused as no mapping
        return known | {"engine": {**known.get("engine", {}), **rest}}

    @field_validator("persona", mode="before")
    @classmethod
    def _words(cls, given: Any) -> Any:
        return {axis: str(level) for axis, level in given.items()} if isinstance(given, Mapping) else given

    @field_validator("target", mode="before")
    @classmethod
    def _level(cls, given: Any) -> Any:
        """Levels may be numbers, such as ages."""
        return str(given) if isinstance(given, int) else given


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


Cross = Literal["full", "one_at_a_time", "fractional", "blocks"]
"""How levels are combined."""


class Width(Record):
    """Stop when every interval is as narrow as this."""

    half_width: Positive
    """In the units of each primary outcome."""


class Design(Record):
    """How levels are combined, what is played beside them, and when it is enough."""

    cross: Cross = "full"
    """`full`: every combination of levels; `one_at_a_time`: each level alone against the reference; `fractional`: a
    balanced part of all combinations, out of which each factor's effect is estimated over the levels of the others;
    `blocks`: every combination, of which each case plays the reference and some others, for many levels."""
    block: int = Field(4, ge=2)
    """In `blocks`: how many arms each case plays, the reference included; controls are played beside them."""
    reduction: int = Field(2, ge=2)
    """By how much a fractional design is smaller than the full one."""
    primary: tuple[str, ...] = ()
    """Outcomes on which the question is decided, declared beforehand; the scenario's accuracy when not given. All
    others are secondary."""
    controls: tuple[Literal["same", "placebo", "random", "swap", "mirror", "positive"], ...] = (
        "same",
        "placebo",
    )
    """`same`: the reference arm again with other random seeds, the noise floor. `placebo`: an attribute that should not
    matter, under the same seeds as the arms: the floor of flips. `random`: random directions as long as a steering
    vector in its place, at the least and the greatest dose. `swap`: what is presented in an order, in the opposite
    order. `mirror`: questions with the opposite polarity, read back. `positive`: a bias of known size, planted in
    scripted agents: what the instrument should find."""
    directions: int = Field(1, ge=1)
    """In the control `random`: how many directions, each at the least and at the greatest dose. One says little: what
    it does by chance is what the next one does not."""
    planted: float = Field(0.2, gt=0, le=1)
    """Size of the bias in the positive control: by how much being right becomes less likely."""
    margin: Positive | Mapping[str, Positive] | None = None
    """The largest difference that does not matter, in the outcome's own units: a number for all outcomes, or one by
    outcome, {invited: 0.05, score: 0.5}. With it two arms can be shown to be equivalent; without, only to differ."""
    largest_case_effect: Positive | Mapping[str, Positive] | None = None
    """The greatest difference that any one case is taken to have, in the same form: a narrower interval, and a claim
    that data beyond it void."""
    stop: Literal["decided"] | Width | None = None
    """When fewer cases than `cases` are enough. `decided`: when every primary outcome of every comparison differs, or
    is equivalent within `margin`; `{half_width: 0.05}`: when every interval is so narrow. Looked at after each block of
    cases, in the order of the plan; valid at every look."""
    look: int | None = Field(None, ge=1)
    """Cases in a block between two looks; a tenth of them, rounded up, when not given."""

    def margin_of(self, outcome: str) -> float | None:
        """The declared margin of an outcome, None where there is none."""
        return self.margin.get(outcome) if isinstance(self.margin, Mapping) else self.margin

    def case_effect_of(self, outcome: str) -> float | None:
        """The declared largest difference of a case in an outcome, None where there is none."""
        told = self.largest_case_effect
        return told.get(outcome) if isinstance(told, Mapping) else told


class Throughput(Record):
    """How fast a run is played: it changes nothing of what is asked."""

    concurrency: int | None = None
    workers: int = 1
    together: int = 1
    launch: Mapping[str, Any] = {}
    deadline: float | None = None
    prefill_rate: float | None = None
    decode_rate: float | None = None
    stop_grace: float = 30
    tokens: int | None = None


class Render(Record):
    """What the page of a run holds, report/report.html."""

    transcripts: int = Field(2000, ge=0)
    """Transcripts of episodes, at most: those of pairs that came out differently, then a sample of the others."""
    single: bool | None = None
    """One file with all transcripts in it, that can be mailed; else they lie beside the page, and are read when a pair
    is opened. When not given: one file where they take less than half a megabyte."""


UNASKED = ("out", "metrics", "render", *Throughput.model_fields)
"""Options that say where a run is kept, how fast it is played, what is computed of it and how it is shown: nothing of
what is asked."""


class Config(Record):
    """A run as it was asked for."""

    scenario: Mapping[str, Any]
    """What is played, and its options: `scenario=NAME`, `scenario.OPTION=VALUE`."""
    backend: Mapping[str, Any]
    """Who answers, and its options: `backend=NAME`, `backend.OPTION=VALUE`."""
    roles: Mapping[str, Role] = {}
    """What single roles bring: `roles.ROLE.bias=NAME`, `roles.ROLE.backend=NAME`."""
    vary: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None
    """Role (or `scenario`) -> what -> levels, the first being the reference; the scenario's own contrast when not
    given, {} for nothing."""
    design: Design = Design()
    judge: Mapping[str, Any] = {}
    """Who is asked after the play of what was said: a judge, or a list of them (a
    panel); `judge.OPTION` are their options, `judge.labels=FILE` what people said of the same."""
    metrics: tuple[str, ...] | None = None
    """Which metrics the report computes; all whose needs the run meets when not given."""
    outcomes: Outcomes = "sampled"
    """`sampled`: a forced choice counts as what was said; `expected`: as how probable it was, where the engine can
    tell; `both`: so, with what was said beside it."""
    cases: int | tuple[str, ...] | None = 4
    """How many of the scenario's cases, drawn by the seed; or their ids; null for all."""
    repeats: int = Field(1, ge=1)
    """How often each case is played in each arm, with other random seeds."""
    reask: int = Field(1, ge=0, le=3)
    """How often a decision that could not be read is asked for again, in every arm alike."""
    seed: int = Field(0, ge=0)
    """What all chance in the run comes from: which cases, in what order, and what is sampled."""
    concurrency: int | None = Field(None, ge=1)
    """Episodes in flight (in each worker); the backend's own figure when not given."""
    workers: int = Field(1, ge=1)
    """Processes that play, for when one event loop is not enough; engines must be servers then. With `launch` so many
    are started elsewhere, each with a share of the run."""
    together: int = Field(1, ge=1)
    """Runs that play at one time on the same engines: this one fills its part of their KV caches. A sweep that plays
    several at one time says so by itself."""
    launch: Mapping[str, Any] = {}
    """Who starts them: `launch=NAME`, `launch.OPTION=VALUE`; processes of this machine when not given."""
    deadline: float | None = Field(None, gt=0)
    """Seconds for one episode; one that takes longer counts as a timeout and is owed again."""
    prefill_rate: float | None = Field(None, gt=0)
    """Uncached prompt tokens per second that the engines can read, all together, as a benchmark of theirs has
    measured it."""
    decode_rate: float | None = Field(None, gt=0)
    """Output tokens per second that they can write; without the two, the fastest stretches of the run itself count."""
    stop_grace: float = Field(30, ge=0, allow_inf_nan=False)
    """Seconds that episodes in flight have to end after SIGTERM; then they are owed."""
    tokens: int | None = Field(None, ge=1)
    """A budget: once so many tokens were read and written, those from a cache included, no further episode is begun,
    and those in flight end. What is left is owed, and `simrun resume RUN tokens=N` goes on."""
    render: Render = Render()
    out: str = "runs"
    """Where runs are kept: a folder, or a URL of object storage, such as s3://BUCKET/PREFIX."""

    @field_validator("judge", mode="before")
    @classmethod
    def _panel(cls, given: Any) -> Any:
        return panel(given)

    @field_validator("cases", mode="before")
    @classmethod
    def _chosen(cls, given: Any) -> Any:
        if given is not None and not isinstance(given, int | list | tuple):
            raise ValueError("cases takes a number, a list of case ids, or null for all")
        return tuple(map(str, given)) if isinstance(given, list | tuple) else given

    @field_validator("vary", mode="before")
    @classmethod
    def _levels(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        given = {role: flat(factors) if isinstance(factors, Mapping) else factors for role, factors in given.items()}
        for role, factors in given.items():
            if not isinstance(factors, Mapping):
                raise ValueError(f"vary.{role} takes what is varied and its levels, got {factors!r}")
            for what, levels in factors.items():
                if not isinstance(levels, list | tuple):
                    raise ValueError(
                        f"vary.{role}.{what} takes a list of levels, the first being the reference, got {levels!r}"
                    )
        return {
            role: {what: [str(level) for level in levels] for what, levels in factors.items()}
            for role, factors in given.items()
        }

    _gate: Gate = PrivateAttr(OPEN)

    @property
    def gate(self) -> Gate:
        """What the classes that are named here pass before they are imported."""
        return self._gate

    def behind(self, gate: Gate) -> Self:
        """The same, out of a run's folder."""
        config = self.model_copy()
        config._gate = gate
        return config

    @classmethod
    def of(cls, raw: Mapping[str, Any], gate: Gate = OPEN) -> Self:
        """Read a composed config; ConfigError says which field is wrong and how."""
        if parts := (raw.get("suite") or {}).get("parts"):
            raise ConfigError(
                f"this suite is played as one run for each of its parts: simrun -m suite={','.join(parts)} ..., "
                "and the runs are packed together"
            )
        try:
            config = cls.model_validate({key: raw[key] for key in raw if key not in ("experiment", "suite")}).behind(
                gate
            )
        except ValidationError as error:
            raise ConfigError(explained(error, cls)) from None
        played = config.played()
        # a run can be resumed from any directory
        named = {name: given for name in played.files() if (given := config.scenario.get(name))}
        files = {name: str(_found(given)) for name, given in named.items()}
        vary = played.contrast if config.vary is None else config.vary
        judge = {**config.judge, "labels": str(_found(config.labels))} if config.labels else config.judge
        update = {"scenario": {**config.scenario, **files}, "vary": vary, "judge": judge}
        update |= settled(config.backend, config.roles, config._backend)
        return config.model_copy(update=update)

    def _backend(self, name: str) -> type[Backend]:
        with self._gate.held():
            return backend(name)

    @property
    def labels(self) -> str:
        """The file of what people said of what judges judge; "" for none."""
        return str(self.judge.get("labels") or "")

    @property
    def throughput(self) -> Throughput:
        """How fast it is to be played."""
        return Throughput(**{name: getattr(self, name) for name in Throughput.model_fields})

    def judges(self) -> tuple[Judge, ...]:
        """Who is asked after the play; options go to those of a panel that have them."""
        given = {key: value for key, value in self.judge.items() if key != LABELS}
        names: Sequence[str] = given.pop("names", ())
        with self._gate.held():
            kinds = {name: judge(name) for name in names}
        able = list(dict.fromkeys(option for kind in kinds.values() for option in kind.model_fields))
        for option in given:
            if option not in able:
                raise unknown(f"option of judge={','.join(names) or 'null'}", option, [*able, LABELS])
        own = {
            name: {key: value for key, value in given.items() if key in kind.model_fields}
            for name, kind in kinds.items()
        }
        return tuple(made_of(kind, own[name], f"judge={name}") for name, kind in kinds.items())

    def played(self, changes: Mapping[str, Any] = {}) -> Scenario:
        """The scenario, with an arm's changes to its options."""
        given = dict(self.scenario) | dict(changes)
        name = str(given.pop("name", None))
        with self._gate.held():
            kind = named = scenario(name)
        if known := modes(named):
            mode = str(given.pop("mode", named.default_mode))
            if mode not in known:
                raise unknown(f"mode of scenario={name}", mode, list(known))
            kind = known[mode]
            _check_options(given, mode, known)
        made: Scenario = made_of(kind, given, f"scenario={name}")
        teams = made.teams()
        voiced = tuple(member for role, own in self.roles.items() if own.backend for member in teams.get(role, (role,)))
        varied = (f"{role}.{what}" for role, own in (self.vary or {}).items() for what in own)
        stated = (f"{role}.{axis}" for role, own in self.roles.items() for axis in own.persona)
        shown = tuple(dict.fromkeys((*varied, *stated)))
        baseline = {
            f"{role}.{what}": of[0] for role, own in (self.vary or {}).items() for what, of in own.items() if of
        }
        filled = {"voiced": voiced, "shown": shown, "baseline": baseline, "outcomes": self.outcomes}
        return made.model_copy(update=filled)

    def engine(
        self, role: str, own: Role | None = None, changes: Mapping[str, Any] = {}, played: Scenario | None = None
    ) -> Backend:
        """The backend that a role plays on, with an arm's changes to its options; `own` where the role is not as in
        `roles`, `played` where the scenario is not as in `scenario`."""
        own = own or self.roles.get(role, Role())
        kind = own.backend or str(self.backend.get("name"))
        shared = (
            {key: value for key, value in self.backend.items() if key != "name"}
            if kind == self.backend.get("name")
            else {}
        )
        chosen = self._backend(kind)
        if wrong := [key for key in own.engine if key not in chosen.model_fields]:
            raise unknown(f"option of roles.{role}", wrong[0], [*Role.model_fields, *options(chosen)])
        given = laid(chosen, shared, own.engine, changes)
        made: Backend = made_of(chosen, given, f"backend={kind}").seeded(self.seed)
        if self.outcomes != "sampled" and getattr(made, "choice_logprobs", True) is None:
            made = made.model_copy(update={"choice_logprobs": True})
        if isinstance(made, Scripted) and not made.rules:
            return made.model_copy(update={"rules": (played or self.played()).script})
        return made

    def digest(self) -> str:
        """Hash of all that determines what is played and asked; where it is kept and how fast do not."""
        told = self.model_dump(mode="json", exclude=set(UNASKED))
        return hashlib.blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def _found(given: str) -> Path:
    return Path(given).expanduser().resolve()


def _check_options(given: Mapping[str, Any], mode: str, known: Mapping[str, type[Scenario]]) -> None:
    """ConfigError for an option of another mode, which says whose it is."""
    for option in (name for name in given if name not in known[mode].model_fields):
        if able := [f"scenario.mode={other}" for other, kind in known.items() if option in kind.model_fields]:
            raise ConfigError(
                f"scenario.{option} is no option of scenario.mode={mode} but of {', '.join(able)}; leave it out, or "
                "choose another mode"
            )
