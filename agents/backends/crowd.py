"""The trials in flight, and which of them wait for an answer that comes much later: shared by all engines of a run that
answer so, since who waits for one of them asks nothing of the others."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Crowd:
    """Counts who plays and who waits."""

    def __init__(self) -> None:
        self.arrived = 0
        """Requests so far."""
        self._playing: set[str] = set()
        self._asking: Counter[str] = Counter()
        """Trial -> its requests that are not answered."""
        self._held = 0
        self._listening: list[Callable[[], None]] = []

    def listen(self, changed: Callable[[], None]) -> None:
        """Have this called whenever everybody may have come to wait."""
        self._listening.append(changed)

    def waits(self) -> bool:
        """Whether every trial in flight waits."""
        return not self._held and len(self._asking) >= len(self._playing)

    def enter(self, trial: str) -> None:
        """A trial begins."""
        self._playing.add(trial)

    def release(self, trial: str) -> None:
        """A trial is over."""
        self._playing.discard(trial)
        self._stir()

    @contextmanager
    def asking(self, trial: str) -> Iterator[None]:
        """A trial asks, and waits within."""
        self.arrived += 1
        self._asking[trial] += 1
        self._stir()
        try:
            yield
        finally:
            self._asking[trial] -= 1
            if not self._asking[trial]:
                del self._asking[trial]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Answers are given within: those who have theirs may ask again, and the others only seem to wait."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._stir()

    def _stir(self) -> None:
        if self.waits():
            for changed in self._listening:
                changed()
