"""A secret of whoever holds a board: shown by its hash before anything is drawn from it, and itself afterwards, so that
anybody can draw the same again."""

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from simrun.config.errors import ConfigError
from simrun.leaderboard.decisions import Decision, decide, decisions
from simrun.log import files

BITS = 31
"""Of a seed: one that is typed, and that no scenario finds too large."""
_FORM = re.compile(r"[0-9a-f]{64}")


def made(file: Path) -> str:
    """A new secret, in a file that nobody else may read. ConfigError where there is such a file."""
    told = secrets.token_hex(32)
    try:
        files.kept_secret(file, f"{told}\n")
    except OSError as error:
        raise ConfigError(f"{file}: no secret was made: {error.strerror or error}") from None
    return told


def read(file: Path) -> str:
    """The secret in a file; ConfigError where there is none."""
    try:
        told = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: there is no secret: {error}; simrun board secret makes one") from None
    if not _FORM.fullmatch(told):
        raise ConfigError(f"{file} holds no secret, which is 64 digits 0-9 and a-f; simrun board secret makes one")
    return told


def digest(secret: str) -> str:
    """What is shown of a secret beforehand: nobody finds another with the same."""
    return hashlib.sha256(f"simrun secret\x1f{secret}".encode()).hexdigest()


def number(secret: str, *what: str) -> int:
    """What a secret gives for one purpose: in [0, 2**31), and nobody who does not know it can tell it beforehand."""
    told = hashlib.blake2b("\x1f".join(what).encode(), key=bytes.fromhex(secret), digest_size=8).digest()
    return int.from_bytes(told) >> (64 - BITS)


def commit(folder: Path, secret: str, who: str, why: str) -> Decision:
    """Tell a board of a secret by its hash."""
    return decide(folder, "private", who, why, evidence={"secret": digest(secret)})


def show(folder: Path, secret: str, who: str) -> Decision:
    """Show a secret: what was drawn with it can be drawn again from now on, and nothing more is drawn with it.
    ConfigError where the board was not told of it, and where a draw does not come out again."""
    check_committed(folder, secret)
    if wrong := [*differing(decisions(folder), secret)]:
        raise ConfigError(f"{wrong[0]}; take {folder / 'decisions.jsonl'} back from where the board is kept")
    return decide(
        folder,
        "private",
        who,
        "the secret is shown, and no more is drawn with it",
        evidence={"secret": digest(secret), "shown": secret},
    )


def check_committed(folder: Path, secret: str) -> None:
    """ConfigError for a secret that the board was not told of, or that was shown already."""
    own = [each for each in decisions(folder) if each.evidence.get("secret") == digest(secret)]
    if not any(each.what == "private" for each in own):
        raise ConfigError(
            f"{folder} was not told of this secret before: simrun board secret {folder} FILE tells its hash; what is "
            "drawn comes after that"
        )
    if any("shown" in each.evidence for each in own):
        raise ConfigError("this secret was shown, so that everybody knows what it draws: make a new one")


def differing(found: Sequence[Decision], secret: str) -> Iterator[str]:
    """The draws of a secret that do not come out again, in words."""
    for each in found:
        if each.what == "draw" and each.evidence.get("secret") == digest(secret):
            due = number(secret, "seed", str(each.evidence.get("commitment")))
            if each.evidence.get("seed") != due:
                commitment = str(each.evidence.get("commitment"))[:24]
                yield f"for commitment {commitment} seed {each.evidence.get('seed')} is told, and {due} was drawn"
