"""Versions of one image that differ in a declared edit, and whether they differ anywhere else."""

import io
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field, field_validator

from simrun.agents.images import content, is_address, located, seen
from simrun.agents.records import Image, Record
from simrun.scenarios.fields import absent, kind, table, text

Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge in pixels from the upper left corner; the pixels at right and bottom are outside."""
Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
Mask = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
MOST_PIXELS = 50_000_000
"""Of an image that is compared: a small file can unfold into very many."""
CELLS = 24
"""Cells of the longer side of the map of what differs."""


class Edit(Record):
    """What is declared to differ from the first version."""

    what: str
    """In words, such as `the skin is darker`."""
    boxes: tuple[Box, ...] = Field(min_length=1)
    """All that may differ lies in one of them."""

    @field_validator("boxes")
    @classmethod
    def _spanned(cls, boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        for left, top, right, bottom in boxes:
            if not (0 <= left < right and 0 <= top < bottom):
                raise ValueError(
                    f"[{left}, {top}, {right}, {bottom}] is no box; give [left, top, right, bottom] in pixels"
                )
        return boxes


class Difference(Record):
    """What differs from the first version, all of it within the declared boxes."""

    width: int
    height: int
    pixels: int
    """How many differ."""
    box: Box
    """The least box around all of them."""
    largest: int
    """The largest difference of a channel (red, green, blue, opacity), 1 to 255."""
    cells: tuple[str, ...]
    """A map of them, a row of cells a text: per cell the share that differs in tenths, rounded up, as 0 to 9 and X."""

    @property
    def share(self) -> float:
        """Share of all pixels that differ, 0 to 1."""
        return self.pixels / (self.width * self.height)


class Version(Record):
    """One version of a case's image."""

    level: str = ""
    """What it is called in the file, "" where there is only one."""
    image: Image
    edit: Edit | None = None
    """None of the first, with which the others are compared."""
    difference: Difference | None = None
    """None of the first, and where nobody is shown an image, so that nothing was read."""


def versions(row: Mapping[str, Any], folder: str, look: bool) -> tuple[Version, ...]:
    """The versions of a row's `image_url`, a text or an object of level -> image, with the `image_edits` of all but
    the first; their files are read where somebody will `look`.

    ValueError for an edit that is missing or none, an image that cannot be shown, and versions that differ otherwise
    than declared.
    """
    given = row.get("image_url")
    if absent(given):
        return ()
    levels = {"": given} if isinstance(given, str) else _levels(given)
    named = {level: text(each, "image_url") for level, each in levels.items()}
    edits = {} if absent(row.get("image_edits")) else table(row["image_edits"], "image_edits")
    first, *others = named
    if wrong := sorted(set(edits) ^ set(others)):
        raise ValueError(
            f"image_edits: {', '.join(map(repr, wrong))}: every version but the first ({first!r}) has its entry there, "
            'such as {"what": "the skin is darker", "boxes": [[left, top, right, bottom]]}, and nothing else has'
        )
    images = {level: _seen(each, folder) if look else Image(reference=each) for level, each in named.items()}
    found = [Version(level=first, image=images[first])]
    for level in others:
        edit = Edit.model_validate(table(edits[level], "image_edits"))
        difference = _difference(located(images[first], folder), located(images[level], folder), edit) if look else None
        found.append(Version(level=level, image=images[level], edit=edit, difference=difference))
    return tuple(found)


def _levels(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"image_url: expected a text, or an object of level -> image, got {kind(given)}")
    if len(given) < 2 or not all(level.strip() for level in given):
        raise ValueError("image_url: an object names at least two versions, none of them empty; else give a text")
    return given


def _seen(reference: str, folder: str) -> Image:
    try:
        return seen(reference, folder)
    except ValueError as error:
        raise ValueError(f"image_url: {error}") from None


def _difference(first: Image, other: Image, edit: Edit) -> Difference:
    try:
        return compared(_pixels(first), _pixels(other), edit.boxes)
    except ValueError as error:
        raise ValueError(f"image_edits: {other.reference!r} beside {first.reference!r}: {error}") from None


def compared(first: Pixels, other: Pixels, boxes: tuple[Box, ...]) -> Difference:
    """Where two images (height, width, 4 channels) differ.

    ValueError for two sizes, for images in which nothing differs, and where pixels differ outside of the boxes, with
    their number and the least box around them.
    """
    (height, width, _), (high, wide, _) = first.shape, other.shape
    if (height, width) != (high, wide):
        raise ValueError(f"one is {width} x {height} pixels, the other {wide} x {high}; versions have one size")
    apart = np.abs(first.astype(np.int16) - other.astype(np.int16)).max(axis=2)
    differs: Mask = apart > 0
    if not differs.any():
        raise ValueError("they show the same pixels; leave one of them out")
    allowed = np.zeros_like(differs)
    for left, top, right, bottom in boxes:
        allowed[top:bottom, left:right] = True
    if (outside := differs & ~allowed).any():
        raise ValueError(
            f"{outside.sum()} pixels differ outside of what is declared, within {list(_around(outside))}; declare it, "
            "or edit again (a JPEG that is saved anew differs everywhere: work on PNG files)"
        )
    return Difference(
        width=width,
        height=height,
        pixels=int(differs.sum()),
        box=_around(differs),
        largest=int(apart.max()),
        cells=_cells(differs),
    )


def _around(mask: Mask) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _cells(mask: Mask) -> tuple[str, ...]:
    height, width = mask.shape
    side = -(-max(height, width) // CELLS)
    parts = (
        [mask[top : top + side, left : left + side] for left in range(0, width, side)] for top in range(0, height, side)
    )
    return tuple("".join("0123456789X"[-(-10 * int(part.sum()) // part.size)] for part in row) for row in parts)


def _pixels(image: Image) -> Pixels:
    """An image file as (height, width, 4 channels) of 0 to 255. ValueError for what cannot be compared so."""
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    if is_address(image.reference):
        raise ValueError(f"{image.reference[:60]!r} is an address; versions are compared: give files")
    try:
        with warnings.catch_warnings(), Pillow.open(io.BytesIO(content(image)[1])) as opened:
            warnings.simplefilter("ignore")
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError(f"{image.reference!r} has more than {MOST_PIXELS} pixels; make it smaller")
            if getattr(opened, "n_frames", 1) > 1 or opened.getexif().get(_TURNED, 1) != 1:
                raise ValueError(f"{image.reference!r} has several frames, or is turned; save one upright picture")
            return np.asarray(opened.convert("RGBA"), dtype=np.uint8)
    except (OSError, UnidentifiedImageError, Pillow.DecompressionBombError) as error:
        raise ValueError(f"{image.reference!r} cannot be decoded ({error}); save it anew as PNG") from None


_TURNED = 0x0112
"""The Exif tag that says how a picture is turned before it is shown; 1 is not at all."""
