"""The report in pictures: SVG files whose bytes depend on the figures alone: a replay compares them."""

import textwrap
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar, Self

from simrun.agents.printable import printable
from simrun.config.modules import held_by_all
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.blocks import Plot
from simrun.report.canvas import HEIGHT, INK, STYLE, WIDTH
from simrun.report.specification import SpecificationResult, specification
from simrun.report.spreading import WaveResult, wave
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.versions import Version
from simrun.score.arms import ArmResult
from simrun.score.contrasts import ContrastResult
from simrun.score.layout import Layout
from simrun.score.scored import Scored

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every picture is drawn from."""

    arms: tuple[ArmResult, ...]
    """The reference first."""
    contrasts: tuple[ContrastResult, ...]
    layout: Layout
    kind: type[Outcome]
    primary: str
    """The outcome that is drawn by arm."""
    wave: tuple[WaveResult, ...] = ()
    """What spread, where anything could."""
    specification: tuple[SpecificationResult, ...] = ()
    """Each effect by wording, where there are several."""
    images: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    """Case -> the versions of its image, where arms show different ones."""

    @classmethod
    def of(cls, run: Scored) -> Self:
        """A run's own; of several primary outcomes the first is drawn by arm."""
        measured = list(run.outcome.measured())
        known = [name for name in run.manifest.primary if name in measured] or measured
        wordings, images = specification(run), run.manifest.image_versions
        return cls(run.arms, run.contrasts, run.layout, run.outcome, known[0], wave(run), wordings, images)

    def mean(self, arm: ArmResult) -> Estimate:
        """The primary outcome in one arm."""
        bounds = self.kind.span(self.primary)
        limits = (bounds.low, bounds.high) if bounds else (None, None)
        own = self.layout.observed(self.primary, [arm.name])
        return clustered_mean(own.value, own.case, *limits)

    def contrast(self, outcome: str, arm: str) -> ContrastResult | None:
        """One outcome of one arm against the first of its references; None for the reference itself."""
        return next((each for each in self.contrasts if (each.outcome, each.arm) == (outcome, arm)), None)


class Picture:
    """One plot."""

    name: ClassVar[str]
    """That of its module, and of the file: NAME.svg."""
    order: ClassVar[int]
    title: ClassVar[str]

    def fits(self, drawing: Drawing) -> bool:
        """Whether there is anything to draw."""
        return True

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Draw it, and return the caption."""
        raise NotImplementedError


@cache
def pictures() -> tuple[Picture, ...]:
    """Every picture in the order of the report. TypeError for a module without one."""
    found = [kind() for kind in held_by_all("simrun.report.drawing", Picture).values()]
    return tuple(sorted(found, key=lambda each: (each.order, each.name)))


def drawn(drawing: Drawing) -> tuple[Plot, ...]:
    """The plots that there is something to draw for."""
    from matplotlib import style
    from matplotlib.figure import Figure

    plots = []
    with style.context(["default", STYLE]):  # "default" first: a user's own matplotlibrc must not change the bytes
        for picture in pictures():
            if picture.fits(drawing):
                # a Figure of its own needs no display and leaves pyplot's backend alone
                figure = Figure(figsize=(WIDTH, HEIGHT))
                caption = picture.draw(figure, drawing)
                svg = _svg(figure, picture.title, caption, drawing)
                plots.append(Plot(key=picture.name, title=picture.title, caption=caption, svg=svg))
    return tuple(plots)


def _svg(figure: "Figure", title: str, caption: str, drawing: Drawing) -> str:
    """The picture with its caption; arms are named whole in its description, for those who search or cannot see it."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=9, fontweight="bold")
    figure.supxlabel(textwrap.fill(caption, 130), x=0.01, ha="left", fontsize=6.5, color=INK)
    told = f"{title}. {caption} Arms: {'; '.join(arm.name for arm in drawing.arms)}."
    buffer = BytesIO()
    about = {"Title": title, "Description": told, "Date": None, "Creator": None}
    with warnings.catch_warnings():  # a name may have characters that no font has
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(buffer, format="svg", metadata=about)
    return printable(buffer.getvalue().decode())
