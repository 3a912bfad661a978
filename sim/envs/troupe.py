"""The roles of a scenario as agents: what the turn-based and the parallel environment have in common."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.utils import seeding

from simrun.agents.backends.base import BackendError
from simrun.envs.live import Live, Tokenizer
from simrun.envs.rewards import Fair, Pay, Reward, accuracy
from simrun.envs.session import Session, planned
from simrun.envs.spaces import Action, Speech, said
from simrun.runner import FATAL


class Troupe:
    """Plays one episode after another with the caller in several seats, one of whom says one thing at a time."""

    def __init__(
        self,
        overrides: Sequence[str],
        options: Mapping[str, Any],
        *,
        seats: Sequence[str] | None = None,
        reward: Reward | Fair = accuracy,
        max_turns: int | None = None,
        tokenizer: Tokenizer | None = None,
        log: str | Path | None = None,
        config_dir: str | Path | None = None,
    ):
        self.session = Session(planned(overrides, options, seats, config_dir), log)
        self.agents = list(self.session.seats)
        self.observations = {agent: Speech() for agent in self.agents}
        self.actions = {agent: Action() for agent in self.agents}
        self.name = f"simrun/{self.session.plan.reference.scenario.name}"
        self._most, self._tokenizer, self._pay = max_turns, tokenizer, Pay(reward, {})
        self._rng: np.random.Generator | None = None
        self.live: Live | None = None
        self.failure = ""
        """Why an engine ended the episode, "" while none did."""

    def reset(self, seed: int | None, options: Mapping[str, Any] | None) -> Live:
        """Begin an episode."""
        if self.live is not None and not (self.live.stage.over or self.truncated):
            self.session.broken(self.live, "abandoned", "reset before the episode was over")
        if seed is not None or self._rng is None:
            self._rng = seeding.np_random(seed)[0]
        self.failure = ""
        trial = self.session.draw(self._rng, self._pay.other(self.session, self._rng, options or {}))
        self.live = self.session.run(self.session.begin(trial))
        return self.live

    def say(self, agent: str, action: Any) -> None:
        """One agent that is due says something, and the other seats go on until agents are due again.

        BackendError where every further episode would meet it too.
        """
        live = self.live
        assert live is not None
        try:
            if self.session.say(live, agent, said(action)):
                self.session.run(self.session.others(live))
        except BackendError as error:
            self.failure = f"{error.kind}: {error}"
            self.session.broken(live, error.kind, str(error))
            if error.kind in FATAL:
                raise
        else:
            if self.truncated:
                self.session.broken(live, "truncated", f"max_turns={self._most} were spent")

    @property
    def over(self) -> bool:
        """Whether the episode has its outcome."""
        return self.live is not None and self.live.stage.over

    @property
    def truncated(self) -> bool:
        """Whether the budget of turns, or an engine's failure, ended the episode before its outcome."""
        live = self.live
        spent = self._most is not None and live is not None and live.spent >= self._most
        return not self.over and (spent or bool(self.failure))

    def due(self) -> list[str]:
        """The agents that must speak now, each once."""
        return [] if self.live is None or self.truncated else list(dict.fromkeys(turn.role for turn in self.live.mine()))

    def paid(self) -> Mapping[str, float]:
        """What the ended episode pays each agent."""
        assert self.live is not None
        assert self.live.stage.outcome is not None
        return self._pay(self.live.trial, self.live.stage.outcome, self.agents)

    def info(self, agent: str) -> dict[str, Any]:
        """What an agent may know beside the text."""
        assert self.live is not None
        told = self.live.info(agent, self._tokenizer)
        if self.live.stage.outcome is not None:
            return told | {"outcome": self.live.stage.outcome}
        return told | {"error": self.failure} if self.failure else told

    def transcript(self) -> str:
        """What was said so far."""
        return self.live.transcript() if self.live else ""


class Printer:
    """Renders a transcript: as a string in mode `ansi`, printed once in mode `human`."""

    def __init__(self, mode: str | None):
        self.mode, self._shown = mode, 0

    def restart(self) -> None:
        """A new transcript begins."""
        self._shown = 0

    def render(self, live: Live | None) -> str | None:
        """The whole transcript in mode `ansi`; in mode `human` None, after printing what is new."""
        if self.mode == "ansi":
            return live.transcript() if live else ""
        if self.mode == "human" and live is not None and len(live.stage.transcript) > self._shown:
            print(live.transcript(self._shown))
            self._shown = len(live.stage.transcript)
        return None
