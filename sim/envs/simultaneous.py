"""A scenario as a PettingZoo parallel environment: all who are due speak in one step."""

from typing import Any

from pettingzoo import ParallelEnv

from simrun.envs.base import PettingZooBase
from simrun.envs.spaces import answered


class Together(PettingZooBase, ParallelEnv[str, str, Any]):  # type: ignore[misc]
    """Every agent that is due speaks in a step; `info["due"]` says who is, and what the others hand in is not heard.

    An agent that is asked several things at the same time answers one in each step.
    """

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        """Begin an episode; `options` may fix `case`, `arm` and `repeat`, the seed decides what is drawn."""
        self.begin(seed, options)
        return self._observed(), self._told()

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[dict[str, str], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """All who are due speak. ValueError names those of them who have no action."""
        cast, agents = self._cast, list(self.agents)
        due = cast.due()
        if missing := [agent for agent in due if actions.get(agent) is None]:
            raise ValueError(
                f"no action for {', '.join(missing)}, who must speak now; actions came for: "
                f"{', '.join(actions) or 'nobody'}"
            )
        # all are read before one is said: a refused action leaves everything as it was
        answers = {agent: answered(actions[agent]) for agent in due}
        for agent, answer in answers.items():
            if not cast.truncated:
                cast.say(agent, answer)
        rewards = dict(cast.paid()) if cast.over else dict.fromkeys(agents, 0.0)
        over, truncated = dict.fromkeys(agents, cast.over), dict.fromkeys(agents, cast.truncated)
        came = self._observed(), rewards, over, truncated, self._told()
        self.agents = [] if cast.over or cast.truncated else agents
        if self.render_mode == "human":
            self.render()
        return came

    def _observed(self) -> dict[str, str]:
        live = self._cast.live
        assert live is not None
        return {agent: live.observation(agent) for agent in self.agents}

    def _told(self) -> dict[str, dict[str, Any]]:
        return {agent: self._cast.info(agent) for agent in self.agents}


def parallel(*overrides: str, **options: Any) -> Together:
    """A scenario as a parallel environment; overrides and options are those of `simrun.envs.aec`."""
    return Together(*overrides, **options)
