"""Tables: what comes back is what was written, whatever stands in a text, and a file is there whole or not at all."""

import subprocess
import sys

import duckdb
import numpy as np
import pytest

from simrun.log.chain import LogError
from simrun.log.parquet import FEWEST, ROWS, Writer, frame, scan

COLUMNS = {"trial": "VARCHAR", "patient.it's": "VARCHAR", "count": "BIGINT", "repeat": "INTEGER", "value": "DOUBLE"}
ODD = ("", "a\x00b", "line\nline\r\n", "\"\\'{}", "2026-01-01", "12", "null", "\u2028 \U0001f600 é", "x" * 200_000)


def written(path, rows, columns=COLUMNS):
    writer = Writer(path, columns)
    for row in rows:
        writer.add(row)
    writer.close()
    return path


def read(path):
    return duckdb.sql(f"FROM read_parquet('{path}')").fetchall()


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_a_text_comes_back_as_it_was(tmp_path, text):
    file = written(tmp_path / "t.parquet", [{"trial": text, "patient.it's": text}])
    assert read(file) == [(text, text, None, None, None)]
    assert frame(file).trial.tolist() == [text]


def test_columns_have_their_names_and_types_with_and_without_rows(tmp_path):
    numbers = {"count": 2**63 - 1, "repeat": -(2**31), "value": 0.1}
    full = written(tmp_path / "full.parquet", [{"trial": "a"} | numbers])
    empty = written(tmp_path / "empty.parquet", [])
    for file in (full, empty):
        found = duckdb.sql(f"DESCRIBE FROM read_parquet('{file}')").fetchall()
        assert {name: kind for name, kind, *_ in found} == COLUMNS
        assert list(frame(file).columns) == list(COLUMNS)
    assert read(full) == [("a", None, 2**63 - 1, -(2**31), 0.1)]
    assert read(empty) == []
    assert len(frame(empty)) == 0


def test_what_is_missing_is_null_and_nan_in_a_frame(tmp_path):
    file = written(
        tmp_path / "t.parquet", [{"count": 3, "value": float("nan"), "repeat": 1}, {"trial": None, "repeat": 2}]
    )
    assert read(file) == [(None, None, 3, 1, None), (None, None, None, 2, None)]
    found = frame(file)
    assert found["count"].dtype == np.float64
    assert found["repeat"].dtype == np.int32
    assert found.isna().sum().to_dict() == {"trial": 2, "patient.it's": 2, "count": 1, "repeat": 0, "value": 2}


@pytest.mark.parametrize(
    "row", [{"count": 2**63}, {"count": 2**70}, {"repeat": 2**31}, {"value": "much"}, {"trial": "\ud800"}]
)
def test_what_fits_no_column_is_refused_and_leaves_the_file_that_was_there(tmp_path, row):
    file = written(tmp_path / "t.parquet", [{"trial": "before"}])
    with pytest.raises(LogError, match=r"t\.parquet: "):
        written(file, [{"trial": "after"}, row])
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]
    assert read(file)[0][0] == "before"


def test_a_file_appears_when_it_is_whole(tmp_path):
    writer = Writer(tmp_path / "t.parquet", COLUMNS)
    writer.add({"trial": "a"})
    assert not (tmp_path / "t.parquet").exists()
    writer.close()
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]
    dropped = Writer(tmp_path / "other.parquet", COLUMNS)
    dropped.add({"trial": "a"})
    del dropped
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]


def test_a_folder_may_have_any_name(tmp_path):
    folder = tmp_path / "runs [1] * it's ?"
    folder.mkdir()
    file = written(folder / "t.parquet", [{"trial": "a"}])
    assert frame(file).trial.tolist() == ["a"]
    with duckdb.connect() as connection:
        assert scan(connection, file).fetchall() == [("a", None, None, None, None)]


def test_files_are_read_in_order_with_the_columns_of_all(tmp_path):
    one = written(tmp_path / "1.parquet", [{"trial": "b", "count": 1}, {"trial": "a", "count": 2}])
    two = written(tmp_path / "2.parquet", [{"trial": "c", "axis": "x"}], {"trial": "VARCHAR", "axis": "VARCHAR"})
    found = frame(one, two)
    assert found.trial.tolist() == ["b", "a", "c"]
    assert found["count"].tolist()[:2] == [1, 2]
    assert np.isnan(found["count"].iloc[2])
    assert found.axis.isna().tolist() == [True, True, False]


def test_row_groups_shrink_where_rows_are_long(tmp_path):
    short = written(tmp_path / "short.parquet", ({"count": each} for each in range(3 * ROWS)))
    long = written(tmp_path / "long.parquet", ({"trial": "x" * 40_000} for _ in range(2 * FEWEST)))
    for file, groups in ((short, 3), (long, 2)):
        assert duckdb.sql(f"SELECT num_row_groups FROM parquet_file_metadata('{file}')").fetchall() == [(groups,)]


MANY = """
import re, sys
from pathlib import Path
from simrun.log.parquet import Writer

writer = Writer(Path(sys.argv[1]), {"trial": "VARCHAR", "position": "INTEGER", "text": "VARCHAR"})
for row in range(1_000_000):
    writer.add({"trial": f"{row:016x}", "position": row, "text": f"{row} " * 40})
writer.close()
# of this program alone: getrusage tells the greater one of the process that started it
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""


@pytest.mark.slow
def test_a_million_rows_keep_their_order_in_bounded_memory(tmp_path):
    """Their texts are 310 MB, far more than what may be held."""
    file = tmp_path / "t.parquet"
    done = subprocess.run([sys.executable, "-c", MANY, file], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 300
    found = frame(file)
    assert len(found) == 1_000_000
    assert (found.position == np.arange(1_000_000)).all()
    assert [each.name for each in tmp_path.iterdir()] == ["t.parquet"]
