"""The contract of sections: one file is one section, blocks hold all that
renderers need, what does not fit is refused."""

import json
import sys
from pathlib import Path

import pytest

from simrun import Run
from simrun.report import drawing, picture, section
from simrun.report import sections as folder
from simrun.report.blocks import Block, Column, Finding, Plot, Prose, Scalar, Table, at
from simrun.report.render.cells import cell, texts
from simrun.report.render.json import json as rendered
from simrun.report.render.markdown import markdown
from simrun.report.report import Report, SectionReport, build
from simrun.report.section import Section, sections

TWO = {"patient": {"ethnicity": ["White", "Black"]}}
DROPPED = """
from simrun.report.blocks import Column, Table
from simrun.report.section import Section


class Calls(Section):
    name, order, title = "calls_by_arm", 35, "Calls"

    def compute(self, run):
        rows = tuple({"arm": arm.name, "calls": arm.calls} for arm in run.arms)
        return (Table(key="calls", columns=(Column.of("arm", "arm"), Column.of("calls", "calls")), rows=rows),)
"""


@pytest.fixture
def dropped(tmp_path, monkeypatch):
    """Puts a module into a folder that is a menu, as a file dropped in would be."""

    def put(package, name: str, text: str) -> None:
        (tmp_path / "more").mkdir(exist_ok=True)
        (tmp_path / "more" / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / "more")])
        menus()

    def menus() -> None:
        section.sections.cache_clear()
        picture.pictures.cache_clear()

    yield put
    monkeypatch.undo()
    menus()
    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Run:
    from simrun import run

    return run("scenario=clinic", "backend=scripted", cases=3, vary=TWO, out=str(tmp_path_factory.mktemp("runs")))


def test_a_file_dropped_in_is_in_the_report(done, dropped):
    dropped(folder, "calls_by_arm", DROPPED)
    names = [each.name for each in sections()]
    assert names[names.index("arms") + 1] == "calls_by_arm"  # 35: between the arms and the effects
    report = Run(done.path).report()
    assert [row["calls"] for row in report.table("calls_by_arm", "calls")] == [arm.calls for arm in done.scored.arms]
    assert "\n\n## Calls\n| arm | calls |\n" in markdown(report)
    assert json.loads(rendered(report))["sections"]["calls_by_arm"]["title"] == "Calls"


def test_a_picture_dropped_in_is_drawn_and_written(done, dropped):
    text = (Path(drawing.__file__).parent / "groups.py").read_text()
    dropped(drawing, "again", text.replace('"groups", 20,', '"again", 99,').replace("class Groups", "class Again"))
    report = Run(done.path).report()
    assert list(report.plots())[-1] == "again.svg"
    assert "](again.svg)" in markdown(report)


def test_a_file_without_a_section_of_its_name_is_no_quiet_loss(dropped):
    dropped(folder, "calls", DROPPED)
    with pytest.raises(TypeError, match=r"sections.calls holds no Section whose name is 'calls'"):
        sections()


def told(*blocks: Block) -> Section:
    class Mine(Section):
        name, order, title = "mine", 0, "Mine"

        def compute(self, run):
            return blocks

    return Mine()


def table(key: str = "t", **options) -> Table:
    return Table(key=key, columns=(Column.of("what", "what"),), rows=({"what": 1, "else": 2},), **options)


def test_blocks_that_do_not_fit_are_refused_with_section_and_key(done):
    with pytest.raises(ValueError, match="section 'mine': two blocks are the table 't'; rename one"):
        build(done.scored, [told(table(), table())])
    nothing = Table(key="t", columns=(Column.of("x", "nowhere"),), rows=({"what": 1, "else": 2},))
    with pytest.raises(
        ValueError, match="section 'mine': no row of the table 't' has 'nowhere'; the first has: what, else"
    ):
        build(done.scored, [told(nothing)])
    build(done.scored, [told(nothing.model_copy(update={"rows": ()}))])  # of no rows nothing is known
    build(done.scored, [told(table(), Scalar(key="t", label="a scalar may share a table's key", value=1))])
    with pytest.raises(ValueError, match=r"'difference' has 2 keys, and 'interval' written as '\{\}' takes 3 or 4"):
        Column.of("difference", "value", "low", form="interval")
    with pytest.raises(ValueError, match=r"'n' has 1 keys, and 'text' written as '\{\} \(\{\}\)' takes 2"):
        Column.of("n", "n", pattern="{} ({})")
    plot = Plot(key="effects", title="", caption="")
    with pytest.raises(ValueError, match=r"sections 'mine' and 'plots' both draw effects.svg; rename one"):
        build(done.scored, [told(plot), *(each for each in sections() if each.name == "plots")])


def test_a_key_is_looked_up_whole_before_it_is_a_path():
    row = {"means": {"doctor.dose=2": 0.5}, "a.b": 1, "a": {"b": 2, "c": {"d": 3}}}
    assert (at(row, "means.doctor.dose=2"), at(row, "a.b"), at(row, "a.c.d")) == (0.5, 1, 3)
    with pytest.raises(KeyError):
        at(row, "a.b.c")


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (Column.of("", "name", "better", "family", form="outcome"), "solved ↑"),
        (Column.of("", "value", "low", "high", form="interval"), "0.123 [-1, 2]"),
        (Column.of("", "value", "low", "high", form="signed interval"), "+0.123 [-1, +2]"),
        (Column.of("", "value", "none", "none", form="interval"), "0.123 [no interval]"),
        (Column.of("", "none", "none", "none", form="interval"), "-"),
        (Column.of("", "value", "low", "high", "name", form="interval"), "solved"),
        (Column.of("", "value", "low", form="figure", pattern="{} ({})"), "0.123 (-1)"),
        (Column.of("", "none", form="count"), "-"),
        (Column.of("", "value", form="share"), "12.3 %"),
        (Column.of("", "words", form="list"), "a: 1; b: 2"),
        (Column.of("", "empty", form="list"), "-"),
        (Column.of("", "words", "words", form="groups"), "a 1 (1), b 2 (2)"),
        (Column.of("", "value", "high", "high", form="mean"), "0.123"),
        (Column.of("", "value", "high", "low", form="mean"), "0.123 (2)"),
        (Column.of("", "absent"), "-"),
    ],
)
def test_cells_by_hand(column, written):
    row = {"name": "solved", "better": "higher", "family": "primary", "value": 0.12345, "low": -1, "high": 2}
    assert cell(column, {**row, "none": None, "words": {"a": 1, "b": 2}, "empty": []}) == written


def test_markdown_by_hand():
    shown = Column.of("outcome", "name", "better", "family", form="outcome")
    hidden = Column.of("p", "p", form="figure", shown=False)
    rows = ({"name": "a|b", "better": "lower", "family": "primary", "p": 0.5},)
    blocks = (
        Prose(text="Words.", level="title"),
        Finding(text="It differs.", verdict="difference"),
        Scalar(key="s", label="seconds", value=1.5, form="figure", unit="s"),
        Scalar(key="t", label="told elsewhere", value=1, shown=False),
        Table(key="one", title="One", about="All of them.", columns=(shown, hidden), rows=rows),
        Table(key="two", columns=(shown,), rows=(), empty="Nothing to compare."),
        Plot(key="p", title="A plot", caption="", svg="<svg/>"),
    )
    sections = {
        "notes": SectionReport(title="", blocks=(Prose(text="Careful.", level="note"),)),
        "empty": SectionReport(title="Never seen", blocks=()),
        "hidden": SectionReport(title="Never seen either", blocks=(table(shown=False),)),
        "effects": SectionReport(title="", blocks=blocks),
        "last": SectionReport(title="Last", blocks=(Prose(text="The end."),)),
    }
    report = Report(run="r", scenario="s", complete=True, sections=sections)
    assert (
        markdown(report)
        == """# s: r

> Careful.

## Words.
- It differs.
- seconds: 1.5 s

### One
All of them.

| outcome |
| --- |
| **a\\|b ↓** |

Nothing to compare.

![A plot](p.svg)

## Last
The end.
"""
    )
    assert texts(blocks[4]) == [["a|b ↓"]]


def test_json_is_the_whole_report_but_for_drawings_and_reads_back(done):
    report = done.report()
    assert "<svg" not in rendered(report)
    again = Report.model_validate_json(rendered(report))
    assert markdown(again) == markdown(report)
    assert set(again.plots()) == {file.name for file in (done.path / "report").glob("*.svg")}
    assert again.value("design", "cases") == 3
    assert len(again.table("effects")) == sum(len(again.table("effects", key)) for key in keys(again))
    with pytest.raises(KeyError, match=r"no section 'effect'; there are: question, competence, .*effects"):
        report.table("effect")
    with pytest.raises(KeyError, match=r"section 'arms' has no table 'arm'; it has: arms, means"):
        report.table("arms", "arm")
    with pytest.raises(KeyError, match=r"section 'arms' has no scalar 'n'; it has: none"):
        report.value("arms", "n")


def keys(report: Report) -> list[str]:
    return [each.key for each in report.sections["effects"].blocks if isinstance(each, Table)]


def test_every_verdict_names_its_comparison(done):
    for each in done.report().sections["effects"].blocks:
        if isinstance(each, Finding) and each.verdict in ("difference", "no difference", "doubt"):
            assert (each.arm, each.reference) in {(one.arm, one.reference) for one in done.scored.contrasts}
