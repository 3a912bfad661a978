"""Files as people have them: each quirk plays, or is named with the way out; nobody is lost without a word."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from simrun.scenarios.files import read, rows, source
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.labour import occupations
from simrun.scenarios.recruitment.loading import load

COLUMNS = {"id": "nr", "text": "resume", "advert": "job", "gender": "sex"}
LEVELS = {"gender": {"f": "woman", "m": "man"}}
HEADER = "nr,sex,resume,job"
PEOPLE = [
    {"nr": "1", "sex": "f", "resume": "Nurse for six years. She trained two colleagues.", "job": "Nurse"},
    {"nr": "2", "sex": "m", "resume": "Nurse for two years. He worked nights.", "job": "Nurse"},
    {"nr": "3", "sex": "f", "resume": "Nurse for nine years.", "job": "Nurse"},
]
TABLE = "\n".join((HEADER, *(",".join(person.values()) for person in PEOPLE))) + "\n"


def people(path: Path, **columns: str) -> tuple[tuple[RecruitmentCase, ...], list[str]]:
    """The cases of a file, and its faults without the folder."""
    cases, faults = load(str(path), COLUMNS | columns, LEVELS)
    return cases, [str(fault).removeprefix(f"{path}:") for fault in faults]


def ids(path: Path, **columns: str) -> list[str]:
    return [case.id for case in people(path, **columns)[0]]


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows))


class TestEncodings:
    @pytest.mark.parametrize(
        ("mark", "encoding"),
        [
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
        ],
    )
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.csv", TABLE),
            ("a.tsv", TABLE.replace(",", "\t")),
            ("a.jsonl", lines(PEOPLE)),
            ("a.json", json.dumps(PEOPLE)),
        ],
    )
    def test_a_byte_order_mark_says_the_encoding(
        self, tmp_path: Path, mark: bytes, encoding: str, name: str, content: str
    ) -> None:
        assert ids(written(tmp_path / name, mark + content.encode(encoding))) == ["1", "2", "3"]

    @pytest.mark.parametrize(
        ("encoding", "text", "message"),
        [
            (
                "latin-1",
                "Enfermera de São Paulo",
                "byte 0xe3 in line 2, which is 'ã' in cp1252; set scenario.encoding=cp1252",
            ),
            ("cp1252", "a surgeon’s ward", "byte 0x92 in line 2, which is '’' in cp1252; set scenario.encoding=cp1252"),
            ("utf-16-le", "Nurse", "probably UTF-16 without a mark; set scenario.encoding=utf-16-le"),
            ("utf-16-be", "Nurse", "probably UTF-16 without a mark; set scenario.encoding=utf-16-be"),
        ],
    )
    @pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
    def test_another_encoding_is_named_with_the_option_that_sets_it(
        self, tmp_path: Path, encoding: str, text: str, message: str, name: str
    ) -> None:
        row = {"nr": "1", "sex": "f", "resume": text, "job": "Nurse"}
        table = f"{HEADER}\n{','.join(row.values())}\n"
        content = table if name == "a.csv" else "\n" + json.dumps(row, ensure_ascii=False)
        file = written(tmp_path / name, content.encode(encoding))
        with pytest.raises(ValueError, match=message) as refused:
            people(file)
        assert str(refused.value).startswith(str(file))
        named = str(refused.value).split("scenario.encoding=")[1].split(",")[0]
        (case,), faults = load(str(file), COLUMNS, LEVELS, None, named)
        assert (case.applicants[0].cv(case.persona and _no_paper(), "chronological"), faults) == (text, ())

    def test_an_encoding_that_there_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"scenario\.encoding: no encoding 'ansi-x'.*cp1252"):
            load(str(written(tmp_path / "a.csv", TABLE)), COLUMNS, LEVELS, None, "ansi-x")

    def test_the_encoding_is_an_option_of_a_run_and_no_part_of_its_trials(self, tmp_path: Path, known: Any) -> None:
        from conftest import config

        from simrun.plan.design import planned

        drawn = []
        for name, encoding in (("utf-8", ""), ("cp1252", "cp1252")):
            (tmp_path / name).mkdir()
            file = written(tmp_path / name / "a.csv", TABLE.replace("nights", "in São Paulo").encode(name))
            asked = {"name": "recruitment", "data": str(file), "columns": COLUMNS, "levels": LEVELS}
            plan = planned(config(scenario=asked | {"encoding": encoding}, cases=None, vary={}), known)
            drawn.append([trial.id for trial in plan.trials()])
        assert drawn[0] == drawn[1]


def _no_paper() -> Any:
    from simrun.agents.persona import Paper

    return Paper()


class TestTables:
    def test_a_cell_may_be_longer_than_the_csv_module_allows(self, tmp_path: Path) -> None:
        long = "x " * 150_000
        (case,), faults = people(written(tmp_path / "a.csv", f"{HEADER}\n1,f,{long},Nurse\n"))
        assert len(case.applicants[0].text) == len(long)  # type: ignore[union-attr]
        assert faults == []

    def test_a_comma_too_many_is_named(self, tmp_path: Path) -> None:
        table = TABLE.replace("Nurse\n", "Nurse,\n")
        with pytest.raises(ValueError, match=r"one cell more than the header has: a comma .*\(and 2 more\)"):
            people(written(tmp_path / "a.csv", table))

    def test_a_row_of_another_length_is_listed(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.csv", TABLE + "4,f\n5,f,a,b,c,d\n,,,\n\n")
        assert people(file)[1] == [
            "5: field '-': 2 cells, 2 fewer than the header has",
            "6: field '-': 6 cells, 2 more than the header has",
        ]

    @pytest.mark.parametrize("name", ["#", "# nr", "#nr"])
    def test_a_header_may_begin_with_a_hash(self, tmp_path: Path, name: str) -> None:
        file = written(tmp_path / "a.csv", TABLE.replace("nr", name, 1))
        assert ids(file, id=name) == ["1", "2", "3"]
        with pytest.raises(ValueError, match="its columns are #") as refused:
            people(file)
        assert "trained" not in str(refused.value)

    def test_a_comment_above_the_header_is_none(self, tmp_path: Path) -> None:
        assert ids(written(tmp_path / "a.csv", f"# exported on Monday\n{TABLE}")) == ["1", "2", "3"]

    def test_a_labour_table_has_comments_whatever_their_commas(self, tmp_path: Path) -> None:
        table = "# Source: a bureau, 2022\noccupation,women\nBaker,40\n"
        assert [each.name for each in occupations(str(written(tmp_path / "a.csv", table)))[0]] == ["Baker"]

    def test_without_a_header_nobodys_row_is_shown(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.csv", "".join(TABLE.splitlines(keepends=True)[1:]))
        with pytest.raises(ValueError, match="4 cells that look like a row and like no header") as refused:
            people(file)
        assert "Nurse" not in str(refused.value)

    @pytest.mark.parametrize("between", [";", "\t", "|"])
    def test_other_signs_between_cells_are_known(self, tmp_path: Path, between: str) -> None:
        assert ids(written(tmp_path / "a.csv", TABLE.replace(",", between))) == ["1", "2", "3"]

    def test_a_column_twice_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="its header has 'resume' twice"):
            people(written(tmp_path / "a.csv", TABLE.replace("job", "resume", 1)))

    def test_a_quotation_mark_that_is_never_closed_swallows_nobody_silently(self, tmp_path: Path) -> None:
        table = f'{HEADER}\n1,f,"Nurse,Nurse\n2,m,"Nurse",Nurse\n3,f,Nurse,Nurse\n4,f,"Nurse,Nurse\n'
        cases, faults = people(written(tmp_path / "a.csv", table))
        assert [case.id for case in cases] == ["3"]
        assert faults[0].startswith("2: field '-': lines 2 to 3 are not CSV")
        assert faults[1].startswith("5: field '-': line 5 is not CSV")

    def test_a_cell_of_several_lines_is_one_cell(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.csv", f'{HEADER}\r\n1,f,"Nurse.\r\nShe said ""yes"".\x0cx",Nurse\r\n')
        assert people(file)[0][0].applicants[0].text == 'Nurse.\r\nShe said "yes".\x0cx'  # type: ignore[union-attr]


class TestRows:
    @pytest.mark.parametrize(
        ("value", "why"),
        [
            ({"text": "Nurse", "skills": ["x"]}, "expected a text, got an object"),
            (["Nurse", "care"], "expected a text, got a list"),
            (7, "expected a text, got a number"),
            (True, "expected a text, got a truth value"),
            (None, "empty"),
            (" ", "empty"),
            ("NaN", "no text, but NaN"),
            ("#N/A", "no text, but #N/A"),
            ("None", "no text, but None"),
        ],
    )
    def test_a_cv_that_is_none_is_listed(self, tmp_path: Path, value: Any, why: str) -> None:
        cases, faults = people(written(tmp_path / "a.jsonl", lines([PEOPLE[0] | {"resume": value}, PEOPLE[1]])))
        assert ([case.id for case in cases], faults) == (["2"], [f"1: field 'text': {why}"])

    @pytest.mark.parametrize("field", ["job", "sex", "nr"])
    @pytest.mark.parametrize("value", [{"a": 1}, ["a"]])
    def test_no_field_is_shown_as_code(self, tmp_path: Path, field: str, value: Any) -> None:
        cases, faults = people(written(tmp_path / "a.jsonl", lines([PEOPLE[0] | {field: value}, PEOPLE[1]])))
        assert [case.id for case in cases] == ["2"]
        assert "expected a text" in faults[0]
        assert ("an object" if isinstance(value, dict) else "a list") in faults[0]

    @pytest.mark.parametrize("at", [0, 1, 2])
    def test_only_the_row_without_a_field_is_listed(self, tmp_path: Path, at: int) -> None:
        rows = [dict(person) for person in PEOPLE]
        del rows[at]["sex"]
        cases, faults = people(written(tmp_path / "a.jsonl", lines(rows)))
        assert len(cases) == 2
        assert faults == [f"{at + 1}: field 'sex': missing; this row has nr, resume, job"]

    def test_a_gender_that_is_not_known_is_no_level(self, tmp_path: Path) -> None:
        cases, faults = people(written(tmp_path / "a.csv", TABLE.replace("2,m", "2,nan").replace("3,f", "3,")))
        assert [dict(case.persona) for case in cases] == [{"candidate": {"gender": "woman"}}, {}, {}]
        assert faults == []

    @pytest.mark.parametrize(
        ("value", "name"), [(0, "0"), ("0", "0"), (2.0, "2"), (None, "a-1"), ("", "a-1"), (" 7 ", "7")]
    )
    def test_an_id_is_what_stands_there(self, tmp_path: Path, value: Any, name: str) -> None:
        assert ids(written(tmp_path / "a.jsonl", lines([PEOPLE[0] | {"nr": value}]))) == [name]

    def test_two_rows_with_one_id_are_told_apart(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.jsonl", lines([PEOPLE[0], PEOPLE[1] | {"nr": 1}, PEOPLE[2] | {"nr": "1 "}]))
        cases, faults = people(file)
        assert [case.id for case in cases] == ["1"]
        assert faults == [
            "2: field 'id': '1' is that of line 1 already; give each row its own",
            "3: field 'id': '1' is that of line 1 already; give each row its own",
        ]

    def test_ages_of_tables_are_whole_years(self, tmp_path: Path) -> None:
        columns = {key: value for key, value in COLUMNS.items() if key != "gender"} | {"age": "sex"}
        file = written(tmp_path / "a.jsonl", lines([PEOPLE[0] | {"sex": 35.0}, PEOPLE[1] | {"sex": "40.0"}]))
        assert [case.persona["candidate"]["age"] for case in load(str(file), columns)[0]] == ["35", "40"]

    def test_a_cell_in_a_message_is_cut(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"no level is given for 'Nurse for six years.*") as refused:
            people(written(tmp_path / "a.csv", TABLE), gender="resume")
        assert "colleagues" not in str(refused.value)

    def test_nan_in_json_is_explained(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.jsonl", '{"nr": 1, "resume": NaN}\n' + lines(PEOPLE[1:]))
        assert "a missing number is null there, not NaN" in people(file)[1][0]

    def test_separators_of_unicode_end_no_line(self, tmp_path: Path) -> None:
        row = json.dumps(PEOPLE[0] | {"resume": "one\u2028two\u0085three"}, ensure_ascii=False)
        assert ids(written(tmp_path / "a.jsonl", row)) == ["1"]


def test_the_command_without_an_encoding_option_says_to_save_it_as_utf8(tmp_path: Path) -> None:
    file = source(str(written(tmp_path / "a.jsonl", '{"a": "é"}'.encode("latin-1"))), "", "file")
    with pytest.raises(ValueError, match=r"; save it as UTF-8$"):
        read(file, rows(file), lambda row, number: RecruitmentCase.model_validate(row), lambda case: case.id)


QUIRKS = Path(__file__).parents[2].parent / "shared" / "data" / "quirks"


@pytest.mark.skipif(not QUIRKS.is_dir(), reason="../shared/data/quirks is not here")
@pytest.mark.parametrize(
    ("name", "found", "listed"),
    [
        ("base.csv", 4, 0),
        ("big.csv", 2, 0),
        ("bom.json", 4, 0),
        ("bom.jsonl", 4, 0),
        ("utf16.csv", 4, 0),
        ("nan.csv", 3, 1),
        ("missingcol_row1.jsonl", 3, 1),
        ("numid.jsonl", 4, 0),
    ],
)
def test_shared_quirks(name: str, found: int, listed: int) -> None:
    cases, faults = people(QUIRKS / name)
    assert (len(cases), len(faults)) == (found, listed)
