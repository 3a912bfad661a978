"""Many episodes of one seat side by side: their calls to the other seats' engines run at the same time, on one loop."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from simrun.agents.records import Answer
from simrun.envs.base import Printer, Uncopied
from simrun.envs.gym import SeatPlay, Step
from simrun.envs.options import fixed, seeded, whole
from simrun.envs.session import Played, Session
from simrun.envs.spaces import Action, Heard, Speech, answered

Batch = tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]


class Seats(Uncopied, VectorEnv[tuple[str, ...], Sequence[Any], np.ndarray]):
    """`num_envs` environments of one seat that share one plan, its engines and its log.

    Rewards, terminations and truncations are arrays, observations and actions tuples; infos are merged as Gymnasium's
    own vector environments merge them. `reset(seed=S)` seeds environment i with S + i, a list gives each its own. With
    a log, one for which no episode is left stays terminated, pays 0, and has `idle` in its info.
    """

    def __init__(
        self,
        num_envs: int,
        scenario: str,
        seat: str,
        *,
        overrides: Sequence[str] = (),
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **keywords: Any,
    ):
        self.num_envs, self._mode = whole("num_envs", num_envs, 1), AutoresetMode(autoreset_mode)
        self.render_mode = Printer(render_mode, ("ansi",)).mode
        self.session = Session.of(overrides, {**keywords, "scenario": scenario}, (seat,))
        self.metadata = {"render_modes": ["ansi"], "render_fps": 1, "autoreset_mode": self._mode}
        self.single_observation_space, self.single_action_space = Speech(), Action()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._plays = [SeatPlay(self.session, seat) for _ in range(num_envs)]
        self._rngs = [seeding.np_random()[0] for _ in range(num_envs)]
        self._seen = [Heard()] * num_envs
        self._over, self._idle = np.ones(num_envs, dtype=np.bool_), np.zeros(num_envs, dtype=np.bool_)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Begin an episode in every environment, or in those that
        `options["reset_mask"]`, an array of truth values, names."""
        given = dict(options or {})
        mask = given.pop("reset_mask", np.ones(self.num_envs, dtype=np.bool_))
        if (
            not isinstance(mask, np.ndarray)
            or mask.shape != (self.num_envs,)
            or mask.dtype != np.bool_
            or not mask.any()
        ):
            raise ValueError(
                f"options['reset_mask'] is an array of {self.num_envs} truth values, one of "
                f"them true at least, got {mask!r}"
            )
        given = fixed(given, self.session.plan.repeats)
        for index, own in enumerate(self._seeds(seed)):
            if mask[index] and own is not None:
                self._rngs[index] = seeding.np_random(own)[0]
        infos: dict[str, Any] = {}
        for index, info in self.session.run(self._began(np.flatnonzero(mask), given)).items():
            infos = self._add_info(infos, info, index)
        self._over &= ~mask
        return tuple(self._seen), infos

    def _seeds(self, seed: Any) -> list[int | None]:
        """Of each environment: of one seed itself and those after it."""
        if seed is None or np.ndim(seed) == 0:
            first = seeded(seed)
            return [None if first is None else first + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"a list of seeds has one for each of {self.num_envs} environments, got {len(seed)}")
        return [seeded(own) for own in seed]

    async def _began(
        self, indices: Sequence[int] | np.ndarray, options: Mapping[str, Any]
    ) -> dict[int, dict[str, Any]]:
        """New episodes in some environments, all at the same time; the info of each."""
        resets = (self._plays[index].reset(self._rngs[index], options) for index in indices)
        infos = {}
        for index, came in zip(map(int, indices), await asyncio.gather(*resets, return_exceptions=True), strict=True):
            if isinstance(came, Played):
                self._idle[index], self._seen[index], infos[index] = True, Heard(), {"idle": True}
            elif isinstance(came, BaseException):
                raise came
            else:
                self._idle[index], self._seen[index], infos[index] = False, came[0], came[1]
        return infos

    def step(self, actions: Sequence[Any]) -> Batch:
        """Every seat speaks. By the mode an environment whose episode is over begins anew in this
        step, in the next one, or not by itself.

        In the mode DISABLED ValueError where one that is over was not reset.
        """
        if len(actions) != self.num_envs:
            raise ValueError(f"{len(actions)} actions came for {self.num_envs} environments")
        anew = np.flatnonzero(self._over & ~self._idle)
        if self._mode is AutoresetMode.DISABLED and anew.size:
            raise ValueError(f"environments {anew.tolist()} are over: reset them with options={{'reset_mask': ...}}")
        speaking = np.flatnonzero(~self._over & ~self._idle)
        # all are read before one is said: a refused action leaves everything as it was
        answers = {index: self._read(index, actions[index]) for index in map(int, speaking)}
        due = [index for index, answer in answers.items() if self._plays[index].say(answer)]
        failures, begun = self.session.run(self._went_on(due, anew)) if due or anew.size else ({}, {})
        steps: dict[int, Step] = {index: (Heard(), 0.0, True, False, {"idle": True}) for index in range(self.num_envs)}
        steps |= {
            index: (self._seen[index], 0.0, False, False, info)
            for index, info in begun.items()
            if not self._idle[index]
        }
        steps |= {index: self._plays[index].came(failures.get(index, "")) for index in map(int, speaking)}
        return self._batch(steps)

    def _read(self, index: int, action: Any) -> Answer:
        try:
            return answered(action)
        except TypeError as error:
            raise TypeError(f"environment {index}: {error}") from None

    async def _went_on(self, due: Sequence[int], anew: np.ndarray) -> tuple[dict[int, str], dict[int, dict[str, Any]]]:
        """Others speak where they are due, and new episodes begin, all at the same time."""
        spoken = asyncio.gather(*(self._plays[index].others() for index in due))
        begun = await self._began(anew, {}) if anew.size else {}
        return dict(zip(due, await spoken, strict=True)), begun

    def _batch(self, steps: Mapping[int, Step]) -> Batch:
        rewards = np.array([steps[index][1] for index in range(self.num_envs)], dtype=np.float64)
        terminations = np.array([steps[index][2] for index in range(self.num_envs)], dtype=np.bool_)
        truncations = np.array([steps[index][3] for index in range(self.num_envs)], dtype=np.bool_)
        self._over = terminations | truncations
        again: dict[int, dict[str, Any]] = {}
        last = {index: steps[index][0] for index in range(self.num_envs)}
        self._seen = list(last.values())
        ended = np.flatnonzero(self._over & ~self._idle)
        if self._mode is AutoresetMode.SAME_STEP and ended.size:
            again = self.session.run(self._began(ended, {}))
            self._over = self._idle.copy()
        infos: dict[str, Any] = {}
        for index in range(self.num_envs):
            info = steps[index][4]
            if index in again:
                infos = self._add_info(infos, {"final_obs": last[index], "final_info": info}, index)
            infos = self._add_info(infos, again.get(index, info), index)
        return tuple(self._seen), rewards, terminations, truncations, infos

    def render(self) -> tuple[str, ...] | None:
        """The transcripts so far, in mode `ansi`."""
        if self.render_mode != "ansi":
            return None
        return tuple(play.live.transcript() if play.live else "" for play in self._plays)

    def close_extras(self, **_: Any) -> None:
        """Close the engines; seal and report what was logged."""
        self.session.close()
