"""The table of a bias audit as New York City's Local Law 144 asks for one."""

from simrun.report.blocks import Block, Column, Prose, Table, row
from simrun.report.section import Section
from simrun.score.bias_audit import bias_audit
from simrun.score.scored import Scored


class LocalLaw144(Section):
    """Rates and impact ratios by sex, by race or ethnicity, and by both; also written as local_law_144.csv."""

    name, order, title = "local_law_144", 67, "The table of Local Law 144"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody is hired, and where nothing is known of sex and race."""
        rows = tuple(row(each) for each in bias_audit(run))
        if not rows:
            return ()
        table = Table(key=self.name, about=ABOUT, columns=COLUMNS, rows=rows, csv=True)
        return (Prose(text=NOTE, level="note"), table)


NOTE = (
    "This is no legal advice, and no bias audit in the sense of the law: that is made by an independent auditor, of "
    "data on the tool's use where there are any. People here are constructed: each is played as a member of each "
    "category, or as the file states them."
)
ABOUT = (
    "By the rules on automated employment decision tools (New York City, Local Law 144 of 2021; Rules of the City of "
    "New York, title 6, sections 5-300 to 5-304): the selection rate of a category, or its scoring rate, the share "
    "with a score above the sample's median, and the impact ratio, that rate over the highest of the table. A category "
    "below 2 % of the data may be left out of the ratios, with its number and rates told; here it is. Who is of an "
    "unknown category is counted, and stands in no rate. Figures have no intervals here: see Who is chosen."
)
COLUMNS = (
    Column.of("setting", "setting", about="What else was varied: each is an audit of its own."),
    Column.of("by", "table"),
    Column.of("category", "category"),
    Column.of("assessed", "n", form="count"),
    Column.of("share", "share", form="share", about="Of all whose category is known; of the unknown, of all."),
    Column.of("selection rate", "selected", form="figure"),
    Column.of("impact ratio", "selected_ratio", form="figure", about="1 is the best off."),
    Column.of("scoring rate", "scored", form="figure", about="Share with a score above the median."),
    Column.of("impact ratio of scores", "scored_ratio", form="figure", about="1 is the best off."),
    Column.of("below 2 %", "few", about="Left out of the impact ratios."),
)
