"""Images that a case names: addresses, or files in the folder of the case's own file, and of those only images."""

import base64
import os
import stat
from pathlib import Path

MOST = 20 * 2**20
"""Bytes of an image file."""
_HEAD = 16
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}


def is_address(reference: str) -> bool:
    """Whether it is no file: the web's, or the image itself."""
    return reference.lower().startswith(("http://", "https://", "data:image/"))


def located(reference: str, folder: str) -> str:
    """The path of a file that a case names; as it is where it is an address, or the case comes from no file.

    ValueError for one that lies, or is said to lie, outside of `folder`.
    """
    if is_address(reference) or not folder:
        return reference
    path = os.path.normpath(os.path.join(folder, reference))
    if "\0" in reference or not Path(path).is_relative_to(folder):
        raise ValueError(f"image {reference!r} must lie in the folder of its case file, {folder}; copy it there")
    return path


def check(reference: str, folder: str) -> None:
    """ValueError for a file that is no image in `folder`: one elsewhere, a link that leads out, one of another kind."""
    path = located(reference, folder)
    if is_address(reference):
        return
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise ValueError(f"image {reference!r} is a link that leads out of the folder of its case file, {folder}")
    _read(path, _HEAD, reference)


def data_url(reference: str) -> str:
    """An address as it is, a file as a data URL; ValueError for a file that is no image."""
    if is_address(reference):
        return reference
    kind, content = _read(reference, MOST + 1, reference)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _read(path: str, most: int, called: str) -> tuple[str, bytes]:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # to open a pipe would wait for who writes to it
        try:
            found = os.fstat(opened)
            fits = stat.S_ISREG(found.st_mode) and found.st_size <= MOST
            content = _content(opened, most) if fits else b""
        finally:
            os.close(opened)
    except OSError as error:
        raise ValueError(f"image {called!r} cannot be read: {error.strerror or error}") from None
    kind = _kind(content[:_HEAD])
    if kind is None:
        raise ValueError(
            f"image {called!r} is no image of a kind that can be sent (PNG, JPEG, GIF, WebP, BMP or TIFF, at most "
            f"{MOST // 2**20} MB): nothing of it is sent"
        )
    return kind, content


def _content(opened: int, most: int) -> bytes:
    with open(opened, "rb", closefd=False) as file:
        return file.read(most)


def _kind(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if head.startswith(beginning)), None)
