"""Engines in this process: each loaded once, however many backends name it."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self


class Shared:
    """One loaded engine. `of` hands out the one that is loaded already; whoever got it gives it back."""

    _loaded: ClassVar[dict[str, asyncio.Task[Any]]] = {}

    def __init__(self, key: str):
        self.users = 0
        self._key = key

    @classmethod
    async def of(cls, options: Mapping[str, Any]) -> Self:
        """The engine of these options, for the event loop that runs; BackendError with the way out where it cannot be
        loaded."""
        key = f"{cls.__module__} {id(asyncio.get_running_loop())} {json.dumps(options, sort_keys=True)}"
        if key not in cls._loaded:
            cls._loaded[key] = asyncio.create_task(cls._load(key, options))
        try:
            engine: Self = await asyncio.shield(cls._loaded[key])
        except BaseException:
            cls._loaded.pop(key, None)
            raise
        engine.users += 1
        return engine

    @classmethod
    async def _load(cls, key: str, options: Mapping[str, Any]) -> Self:
        raise NotImplementedError

    def _given_back(self) -> bool:
        """One user less; whether it was the last one, and the engine is to leave memory."""
        self.users -= 1
        if self.users > 0:
            return False
        self._loaded.pop(self._key, None)
        return True
