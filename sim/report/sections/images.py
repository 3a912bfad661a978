"""Versions of images that arms show: what was declared to differ, and which pixels do."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from simrun.report.blocks import Block, Column, Finding, Table
from simrun.report.section import Section
from simrun.scenarios.versions import Version
from simrun.score.scored import Scored


class Images(Section):
    """A row a case and version. The plot `image_differences` draws where the pixels lie."""

    name, order, title = "images", 21, "Images"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where all arms show the same."""
        versions = run.manifest.image_versions
        rows = tuple(_rows(versions))
        if not rows:
            return ()
        shares = [each.difference.share for found in versions.values() for each in found if each.difference]
        text = (
            f"{len(versions)} cases show another version of their image by arm. Each version was compared with the "
            "first pixel by pixel before the run: it has the same size, and nothing differs outside of what was "
            f"declared. Of all pixels {_span(shares)} differ."
        )
        return (Finding(text=text, verdict="passed"), Table(key=self.name, about=ABOUT, columns=COLUMNS, rows=rows))


ABOUT = (
    "Boxes are left, top, right, bottom in pixels from the upper left corner. Engines scale an image before a model "
    "sees it: an edit of few pixels may be lost, and one that is declared may still look unlike a photograph."
)
COLUMNS = (
    Column.of("case", "case"),
    Column.of("version", "version"),
    Column.of("beside", "first", about="The version it is compared with."),
    Column.of("declared", "declared"),
    Column.of("declared boxes", "boxes", form="list"),
    Column.of("size", "width", "height", pattern="{} x {}"),
    Column.of("pixels that differ", "pixels", form="count"),
    Column.of("share", "share", form="share"),
    Column.of("within", "box", about="The least box around them."),
    Column.of("largest difference", "largest", form="count", about="Of a channel, 1 to 255."),
)


def _rows(versions: Mapping[str, tuple[Version, ...]]) -> Iterator[Mapping[str, JsonValue]]:
    for case, (first, *others) in versions.items():
        for each in others:
            if each.edit is None or each.difference is None:
                continue
            found = each.difference
            yield {
                "case": case,
                "version": each.level,
                "first": first.level,
                "declared": each.edit.what,
                "boxes": [box_text(box) for box in each.edit.boxes],
                "width": found.width,
                "height": found.height,
                "pixels": found.pixels,
                "share": found.share,
                "box": box_text(found.box),
                "largest": found.largest,
            }


def box_text(box: tuple[int, int, int, int]) -> str:
    """A box as `left, top, right, bottom`."""
    return ", ".join(map(str, box))


def _span(shares: list[float]) -> str:
    least, most = (f"{100 * share:.2g} %" for share in (min(shares), max(shares)))
    return least if least == most else f"{least} to {most}"
