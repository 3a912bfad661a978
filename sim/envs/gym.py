"""One seat of a scenario as a Gymnasium environment."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np

from simrun.agents.backends.base import BackendError
from simrun.agents.records import Answer
from simrun.config.errors import ConfigError, unknown
from simrun.envs.base import Printer, Uncopied
from simrun.envs.live import Live
from simrun.envs.options import seeded
from simrun.envs.rewards import Pay
from simrun.envs.session import Session
from simrun.envs.spaces import Action, Heard, Speech, answered
from simrun.play.runner import FATAL

Step = tuple[Heard, float, bool, bool, dict[str, Any]]
"""Observation, reward, terminated, truncated, info."""
_TRIES = 100


class SeatPlay:
    """What sits in a seat, episode after episode: the one implementation behind the single and the vector
    environment."""

    def __init__(self, session: Session, seat: str):
        if seat not in session.seats:  # a team has several
            raise unknown("seat", seat, session.seats)
        self.session, self.seat = session, seat
        self._most, self._tokenizer = session.terms.max_turns, session.terms.tokenizer
        self._pay = Pay(session.terms.reward, {})
        self.live: Live | None = None

    async def reset(self, rng: np.random.Generator, options: Mapping[str, Any]) -> tuple[Heard, dict[str, Any]]:
        """Begin an episode in which the seat is asked something; the second one of
        a pair when the first was played for it."""
        for _ in range(_TRIES):
            trial = self.session.draw(rng, self._pay.other(self.session, rng, options))
            if self.live is not None and not self.live.stage.over:  # a refused reset leaves everything as it was
                self.session.broken(self.live, "abandoned", "reset before the episode was over")
                self.live = None
            live = await self.session.begin(trial)
            if not live.stage.over:
                self.live = live
                return live.observation(self.seat), live.info(self.seat, self._tokenizer)
        raise ConfigError(f"the {self.seat} was never asked anything in {_TRIES} episodes; choose another seat")

    def say(self, answer: Answer) -> bool:
        """The seat speaks; whether others are due now."""
        if self.live is None or self.live.stage.over:
            raise ConfigError("this episode is over: call reset first")
        return self.session.say(self.live, self.seat, answer)

    async def others(self) -> str:
        """Let the others speak; why they could not, "" when they could.

        BackendError where every further episode would meet it too.
        """
        assert self.live is not None
        try:
            await self.session.others(self.live)
        except BackendError as error:
            self.session.broken(self.live, error.kind, str(error))
            if error.kind in FATAL:
                self.live = None
                raise
            return f"{error.kind}: {error}"
        return ""

    def came(self, failure: str = "") -> Step:
        """What the step comes to.

        An episode that an engine's failure or the budget of turns ends is truncated and pays 0.
        """
        live = self.live
        assert live is not None
        stage = live.stage
        if stage.outcome is not None:
            paid = self._pay(live.trial, stage.outcome, (self.seat,))[self.seat]
            return Heard(), paid, True, False, live.info(self.seat) | {"outcome": stage.outcome}
        if failure:
            self.live = None
            return Heard(), 0.0, False, True, live.info(self.seat) | {"error": failure}
        if self._most is not None and live.spent >= self._most:
            self.session.broken(live, "truncated", f"max_turns={self._most} were spent")
            self.live = None
            return live.observation(self.seat), 0.0, False, True, live.info(self.seat, self._tokenizer)
        return live.observation(self.seat), 0.0, False, False, live.info(self.seat, self._tokenizer)


class Seat(Uncopied, gymnasium.Env[str, Any]):
    """A role of a scenario, played by whoever steps; the backends of the config answer for everybody else.

    `overrides` and keywords are those of `simrun.run`, and the `Terms` of this package;
    `reset(options={"case": ID, "arm": NAME, "repeat": N})` fixes what is not to be drawn.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi", "human"], "render_fps": 1}  # type: ignore[misc]

    def __init__(
        self,
        scenario: str,
        seat: str,
        *,
        overrides: Sequence[str] = (),
        render_mode: str | None = None,
        **keywords: Any,
    ):
        self.session = Session.of(overrides, {**keywords, "scenario": scenario}, (seat,))
        self.observation_space, self.action_space = Speech(), Action()
        self.render_mode, self._printer = render_mode, Printer(render_mode)
        self._play = SeatPlay(self.session, seat)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode; the seed decides what is drawn of case, arm and repeat."""
        super().reset(seed=seeded(seed))
        came = self.session.run(self._play.reset(self.np_random, options or {}))
        self._printer.restart()
        if self.render_mode == "human":
            self.render()
        return came

    def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Say something: text, JSON text, a dict or a Decision."""
        came = self._play.came(self.session.run(self._play.others()) if self._play.say(answered(action)) else "")
        if self.render_mode == "human":
            self.render()
        return came

    def render(self) -> str | None:
        """The transcript so far (`ansi`); in mode `human` what is new is printed at every step."""
        return self._printer.render(self._play.live)

    def close(self) -> None:
        """Close the engines; seal and report what was logged."""
        self.session.close()
