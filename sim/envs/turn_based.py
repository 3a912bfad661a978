"""A scenario as a PettingZoo AEC environment: the roles are the agents, and one speaks at a time."""

from typing import Any

from pettingzoo import AECEnv

from simrun.envs.base import PettingZooBase
from simrun.envs.spaces import Heard, answered


class Turns(PettingZooBase, AECEnv[str, str, Any]):  # type: ignore[misc]
    """One agent a step.

    Those who are due at the same time step one after the other, and hear each other only afterwards.
    """

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `options` may fix `case`, `arm` and `repeat`, the seed decides what is drawn."""
        self.begin(seed, options)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self._skip_agent_selection = None
        self._told()

    def observe(self, agent: str) -> Heard:
        """All that an agent that is due was told and has heard; "" for the others."""
        live = self._cast.live
        return live.observation(agent) if live else Heard()

    def step(self, action: Any) -> None:
        """The selected agent speaks; None where it is done already."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        answer = answered(action)  # a refused action leaves everything as it was
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self._cast.say(agent, answer)
        self._told()
        if self._cast.over:
            self.rewards = dict(self._cast.paid())
        self._accumulate_rewards()
        if self.render_mode == "human":
            self.render()

    def _told(self) -> None:
        cast = self._cast
        self.terminations = dict.fromkeys(self.agents, cast.over)
        self.truncations = dict.fromkeys(self.agents, cast.truncated)
        self.infos = {agent: cast.info(agent) for agent in self.agents}
        self.agent_selection = next(iter(cast.due()), self.agents[0])


def aec(*overrides: str, **options: Any) -> Turns:
    """A scenario as an AEC environment: `aec("scenario.questions=5", scenario="clinic", cases=8)`.

    Overrides and options are those of `simrun.run`. Beside them: `seats`, the roles that are agents (all of
    them when not given; the others are answered by their backends), `render_mode`, and what `Terms` lists:
    `reward`, `max_turns`, `tokenizer`, `log`.
    """
    return Turns(*overrides, **options)
