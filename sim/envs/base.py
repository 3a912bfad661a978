"""The roles of a scenario as agents: what the turn-based and the parallel environment have in common."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils import seeding

from simrun.agents.backends.base import BackendError
from simrun.agents.printable import printable
from simrun.agents.records import Answer
from simrun.config.errors import unknown
from simrun.envs.live import Live
from simrun.envs.options import seeded
from simrun.envs.rewards import Pay
from simrun.envs.session import Session
from simrun.envs.spaces import Action, Speech
from simrun.play.runner import FATAL


class Cast:
    """Plays one episode after another with the caller in several seats, one of whom says one thing at a time."""

    def __init__(self, session: Session):
        self.session = session
        self.agents = list(session.seats)
        self._most, self._tokenizer = session.terms.max_turns, session.terms.tokenizer
        self._pay = Pay(session.terms.reward, {})
        self._rng: np.random.Generator | None = None
        self.live: Live | None = None
        self.failure = ""
        """Why an engine ended the episode, "" while none did."""

    def reset(self, seed: int | None, options: Mapping[str, Any] | None) -> Live:
        """Begin an episode."""
        if seed is not None or self._rng is None:
            self._rng = seeding.np_random(seeded(seed))[0]
        trial = self.session.draw(self._rng, self._pay.other(self.session, self._rng, options or {}))
        if self.live is not None and not (self.live.stage.over or self.truncated):
            self.session.broken(self.live, "abandoned", "reset before the episode was over")
        self.failure = ""
        self.live = self.session.run(self.session.begin(trial))
        return self.live

    def say(self, agent: str, answer: Answer) -> None:
        """One agent that is due says something, and the other seats go on until agents are due again.

        BackendError where every further episode would meet it too.
        """
        live = self.live
        assert live is not None
        try:
            if self.session.say(live, agent, answer):
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
        return (
            [] if self.live is None or self.truncated else list(dict.fromkeys(turn.role for turn in self.live.mine()))
        )

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


class Uncopied:
    """What is in the middle of an episode, which no copy could be: engines, an event loop, a play that goes on."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__} cannot be copied or pickled: it holds engines, an event loop and an episode in the "
            "middle of its play. Make another one with the same arguments, reset it with options={'case': ..., 'arm': "
            "..., 'repeat': ...} as in info, and say the same: with scripted seats it stands at the same place"
        )


class Printer:
    """Renders a transcript: as a string in mode `ansi`, printed once in mode `human`."""

    def __init__(self, mode: str | None, modes: Sequence[str] = ("ansi", "human")):
        if mode is not None and mode not in modes:
            raise unknown("render_mode", str(mode), modes)
        self.mode, self._shown = mode, 0

    def restart(self) -> None:
        """A new transcript begins."""
        self._shown = 0

    def render(self, live: Live | None) -> str | None:
        """The whole transcript in mode `ansi`; in mode `human` None, after printing what is new."""
        if self.mode == "ansi":
            return live.transcript() if live else ""
        if self.mode == "human" and live is not None and len(live.stage.transcript) > self._shown:
            print(printable(live.transcript(self._shown)))
            self._shown = len(live.stage.transcript)
        return None


class PettingZooBase(Uncopied):
    """What both PettingZoo environments are made of: a cast of agents, their spaces, and how it is shown.

    Overrides and keywords are those of `simrun.run`, and the `Terms` of this package.
    """

    def __init__(
        self, *overrides: str, seats: Sequence[str] | None = None, render_mode: str | None = None, **keywords: Any
    ):
        super().__init__()
        self._cast = Cast(Session.of(overrides, keywords, seats))
        name = f"simrun/{self._cast.session.plan.reference.scenario.name}"
        self.metadata = {"render_modes": ["ansi", "human"], "name": name, "is_parallelizable": False, "render_fps": 1}
        self.render_mode, self._printer = render_mode, Printer(render_mode)
        self.possible_agents = list(self._cast.agents)
        self.agents: list[str] = []
        self._spaces = {agent: (Speech(), Action()) for agent in self.possible_agents}

    def observation_space(self, agent: str) -> Speech:
        """Any text."""
        return self._spaces[agent][0]

    def action_space(self, agent: str) -> Action:
        """Any text, or a decision as a dict."""
        return self._spaces[agent][1]

    def begin(self, seed: int | None, options: Mapping[str, Any] | None) -> None:
        """Begin an episode with all agents."""
        # PettingZoo's conformance kit passes {"options": 1} to every environment
        self._cast.reset(seed, {key: value for key, value in (options or {}).items() if key != "options"})
        self.agents = list(self.possible_agents)
        self._printer.restart()

    def render(self) -> str | None:
        """The transcript so far (`ansi`); in mode `human` what is new is printed at every step."""
        return self._printer.render(self._cast.live)

    def close(self) -> None:
        """Close the engines; seal and report what was logged."""
        self._cast.session.close()
