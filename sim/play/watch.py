"""What a run has done so far, and how fast it is."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Watch:
    """What a run has done so far; read by the progress display and the sampler, written by the runner."""

    owed: int
    done: int = 0
    playing: int = 0
    """Episodes in flight."""
    calls: int = 0
    prompt: int = 0
    """Prompt tokens, those that came from a cache included."""
    cached: int = 0
    output: int = 0
    before: int = 0
    """Tokens of earlier sessions."""
    budget: int | None = None
    """Tokens, of all sessions, after which no new episode is taken up."""
    errors: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    stopping: str = ""
    """Why no new episode is taken up, "" while they are."""
    grace: float | None = None
    """Seconds that those in flight were given when it was told to end; None where nobody told it so."""

    def spent(self) -> None:
        """Take up no new episode where the budget is used up."""
        tokens = self.before + self.prompt + self.output
        if self.budget is not None and tokens >= self.budget and not self.stopping:
            self.stopping = (
                f"the budget of tokens={self.budget} is spent ({tokens} were read and written); go on with "
                f"simrun resume RUN tokens={2 * max(self.budget, tokens)}"
            )


def progress(watch: Watch) -> Mapping[str, object]:
    """The figures of a progress line."""
    seconds = max(time.monotonic() - watch.started, 1e-9)
    failed = watch.errors.total()
    left = watch.owed - watch.done - failed
    pace = (watch.done + failed) / seconds
    return {
        "done": watch.done,
        "owed": watch.owed,
        "calls_per_second": watch.calls / seconds,
        "tokens_per_second": watch.output / seconds,
        "errors": dict(watch.errors),
        "eta": left / pace if pace else None,
    }
