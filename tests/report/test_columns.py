"""Columns of a page's data: each in the least type that holds it, and what is read is what was written."""

import base64
import json
import zlib

import numpy as np
import pytest

from simrun.report.render.columns import numbers, texts

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "kind", "size"),
    [
        ([0, 1, 255], "u1", 3),
        ([0.0, 1.0], "u1", 2),
        ([-1, 255], "i2", 4),
        ([256, 0], "i2", 4),
        ([70_000], "i4", 4),
        ([2**40], "f8", 8),
        ([0.5, 1], "f8", 16),
        ([1, NAN], "f8", 16),
        ([float("inf")], "f8", 8),
        ([], "u1", 0),
    ],
)
def test_a_column_takes_the_least_type_that_holds_it(values, kind, size):
    packed = numbers(np.array(values))
    data = zlib.decompress(base64.b64decode(packed["data"]))
    assert (packed["type"], len(data)) == (kind, size)
    np.testing.assert_array_equal(np.frombuffer(data, np.dtype(kind).newbyteorder("<")), np.array(values, dtype=float))


def test_texts_are_one_list():
    packed = texts(["a\nb", "</script>"])
    assert packed["type"] == "json"
    assert json.loads(zlib.decompress(base64.b64decode(packed["data"]))) == ["a\nb", "</script>"]
