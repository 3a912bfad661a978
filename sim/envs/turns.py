"""A scenario as a PettingZoo AEC environment: the roles are the agents, and one speaks at a time."""

from pathlib import Path
from typing import Any

from pettingzoo import AECEnv

from simrun.envs.live import Tokenizer
from simrun.envs.rewards import Fair, Reward, accuracy
from simrun.envs.spaces import Action, Heard, Speech
from simrun.envs.troupe import Printer, Troupe


class Turns(AECEnv[str, str, Any]):  # type: ignore[misc]
    """One agent a step. Those who are due at the same time step one after the other, and hear each other only afterwards."""

    def __init__(
        self,
        *overrides: str,
        seats: tuple[str, ...] | None = None,
        reward: Reward | Fair = accuracy,
        max_turns: int | None = None,
        tokenizer: Tokenizer | None = None,
        log: str | Path | None = None,
        render_mode: str | None = None,
        config_dir: str | Path | None = None,
        **options: Any,
    ):
        super().__init__()
        self._troupe = Troupe(
            overrides, options, seats=seats, reward=reward, max_turns=max_turns, tokenizer=tokenizer, log=log, config_dir=config_dir
        )
        self.metadata = {"render_modes": ["ansi", "human"], "name": self._troupe.name, "is_parallelizable": False, "render_fps": 1}
        self.render_mode, self._printer = render_mode, Printer(render_mode)
        self.possible_agents = list(self._troupe.agents)
        self.agents: list[str] = []

    def observation_space(self, agent: str) -> Speech:
        """Any text."""
        return self._troupe.observations[agent]

    def action_space(self, agent: str) -> Action:
        """Any text, or a decision as a dict."""
        return self._troupe.actions[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `options` may fix `case`, `arm` and `repeat`, the seed decides what is drawn."""
        self._troupe.reset(seed, options)
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self._skip_agent_selection = None
        self._printer.restart()
        self._told()

    def observe(self, agent: str) -> Heard:
        """All that an agent that is due was told and has heard; "" for the others."""
        live = self._troupe.live
        return live.observation(agent) if live else Heard()

    def step(self, action: Any) -> None:
        """The selected agent speaks; None where it is done already."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self._troupe.say(agent, action)
        self._told()
        if self._troupe.over:
            self.rewards = dict(self._troupe.paid())
        self._accumulate_rewards()
        if self.render_mode == "human":
            self.render()

    def _told(self) -> None:
        troupe = self._troupe
        self.terminations = dict.fromkeys(self.agents, troupe.over)
        self.truncations = dict.fromkeys(self.agents, troupe.truncated)
        self.infos = {agent: troupe.info(agent) for agent in self.agents}
        self.agent_selection = next(iter(troupe.due()), self.agents[0])

    def render(self) -> str | None:
        """The transcript so far (`ansi`); in mode `human` what is new is printed."""
        return self._printer.render(self._troupe.live)

    def close(self) -> None:
        """Close the engines; seal and report what was logged."""
        self._troupe.session.close()


def aec(*overrides: str, **options: Any) -> Turns:
    """A scenario as an AEC environment: `aec("scenario.questions=5", scenario="clinic", cases=8)`.

    Overrides and options are those of `simrun.run`. Beside them: `seats`, the roles that are agents (all of them when not given; the
    others are answered by their backends), `reward`, `max_turns` (what the agents may say in an episode before it is truncated),
    `tokenizer` (then `info["tokens"]` holds token ids), `log` (a folder in which the episodes are kept as a run), `render_mode`.
    """
    return Turns(*overrides, **options)
