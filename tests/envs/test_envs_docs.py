"""The snippets of docs/environments.md run as they stand."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "environments.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[found.splitlines()[0][:40] for found in SNIPPETS])
def test_snippet(snippet: str) -> None:
    exec(compile(snippet, "docs/environments.md", "exec"), {"__name__": "snippet"})
