"""Images that a case names: addresses, or files in the folder of the case's own file, and of those only images."""

import base64
import hashlib
import os
import stat
from pathlib import Path

from simrun.agents.records import Image

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


def located(image: Image, folder: str) -> Image:
    """The image where it lies: a file by its whole path. ValueError for one outside of `folder`."""
    return image.model_copy(update={"reference": _path(image.reference, folder)})


def _path(reference: str, folder: str) -> str:
    """As it is where it is an address, or the case comes from no file."""
    if is_address(reference) or not folder:
        return reference
    path = os.path.normpath(os.path.join(folder, reference))
    if "\0" in reference or not Path(path).is_relative_to(folder):
        raise ValueError(f"image {reference!r} must lie in the folder of its case file, {folder}; copy it there")
    return path


def seen(reference: str, folder: str) -> Image:
    """What a case names, with the digest of its bytes.

    ValueError for a file that is no image in `folder`: one elsewhere, a link that leads out, one of another kind.
    """
    path = _path(reference, folder)
    if is_address(reference):
        return Image(reference=reference)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise ValueError(f"image {reference!r} is a link that leads out of the folder of its case file, {folder}")
    return Image(reference=reference, digest=_digest(_read(path, reference)[1]))


def content(image: Image) -> tuple[str, bytes]:
    """The kind of an image file, such as image/png, and its bytes.

    ValueError where it is no image, or is not the one that was there when the case was read.
    """
    kind, found = _read(image.reference, image.reference)
    if _digest(found) != image.digest:
        raise ValueError(
            f"image {image.reference!r} is not what it was when this run read its cases; restore it, or start a new run"
        )
    return kind, found


def data_url(image: Image) -> str:
    """An address as it is, a file as a data URL; ValueError as `content` raises it."""
    if is_address(image.reference):
        return image.reference
    kind, found = content(image)
    return f"data:{kind};base64,{base64.b64encode(found).decode()}"


def _digest(found: bytes) -> str:
    return hashlib.blake2b(found, digest_size=12).hexdigest()


def _read(path: str, called: str) -> tuple[str, bytes]:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # to open a pipe would wait for who writes to it
        try:
            told = os.fstat(opened)
            fits = stat.S_ISREG(told.st_mode) and told.st_size <= MOST
            found = _content(opened) if fits else b""
        finally:
            os.close(opened)
    except OSError as error:
        raise ValueError(f"image {called!r} cannot be read: {error.strerror or error}") from None
    kind = _kind(found[:_HEAD])
    if kind is None:
        raise ValueError(
            f"image {called!r} is no image of a kind that can be sent (PNG, JPEG, GIF, WebP, BMP or TIFF, at most "
            f"{MOST // 2**20} MB): nothing of it is sent"
        )
    return kind, found


def _content(opened: int) -> bytes:
    with open(opened, "rb", closefd=False) as file:
        return file.read(MOST + 1)


def _kind(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS.items() if head.startswith(beginning)), None)
