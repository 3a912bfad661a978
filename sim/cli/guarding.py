"""A command and its exit code: every expected failure is one clear line."""

import os
import sys
import traceback
from collections.abc import Callable

from simrun.cli.command import DONE, ERRORS, INTERRUPTED, UNEXPECTED, USAGE


def guarded(command: Callable[[], int]) -> int:
    """Run a command; what went wrong is said on stderr, and is its exit code."""
    code, why = outcome(command)
    failed(why)
    return code


def failed(why: str) -> None:
    """What a failure has to say, on stderr; nothing where it is ""."""
    from simrun.agents.printable import printable

    if why:
        print(printable(why).rstrip("\n"), file=sys.stderr)  # what it quotes may be anybody's words


def outcome(command: Callable[[], int]) -> tuple[int, str]:
    """The exit code of a command, and what it has to say of a failure, "" where there was none."""
    from simrun.agents.backends.base import BackendError
    from simrun.config.errors import ConfigError
    from simrun.log.files import LogError, NoRoom

    try:
        return command(), ""
    except (ConfigError, LogError, BackendError) as error:
        return ERRORS if isinstance(error, NoRoom) else USAGE, f"simrun: {error}"
    except KeyboardInterrupt:
        return INTERRUPTED, ""
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `simrun show last | head` is no fault
        return DONE, ""
    except Exception:
        return UNEXPECTED, traceback.format_exc()
