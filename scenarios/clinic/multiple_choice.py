"""Rows of AgentClinic's NEJM format as vignettes: the diagnoses to choose from are those of the file."""

import re
from pathlib import Path
from typing import Any

from simrun.scenarios.base import Fault
from simrun.scenarios.clinic.bank import examined, offered, questioned
from simrun.scenarios.clinic.planned import LETTERS
from simrun.scenarios.clinic.vignettes import VignetteCase
from simrun.scenarios.demographics import plain, stated
from simrun.scenarios.fields import text
from simrun.scenarios.files import read, rows, source
from simrun.scenarios.versions import versions

ACCOUNT = "The patient's account: {story} Examination and tests: {exams}"
_LAST = re.compile(r"[^.?!]*(?:\.\d[^.?!]*)*\?\s*$")


def load(path: str, encoding: str = "", look: bool = False) -> tuple[tuple[VignetteCase, ...], tuple[Fault, ...]]:
    """The cases of a file, and the rows that are none: those without answers, that ask for something else than a
    diagnosis, or whose image cannot be shown where somebody will `look` at it.

    Raises FileNotFoundError when there is no such file, ValueError when nothing in it is a case.
    """
    file = source(path, "", "scenario.data", encoding)
    folder = str(Path(str(file)).resolve().parent)

    def made(row: dict[str, Any], number: int) -> VignetteCase:
        placed = {"images": versions(row, folder, look), "folder": folder}
        return _case(row, f"{file.stem}-{number}").model_copy(update=placed)

    return read(file, rows(file), made, lambda case: case.id)


def _case(row: dict[str, Any], name: str) -> VignetteCase:
    right, wrong = offered(row)
    if not 1 <= len(wrong) < len(LETTERS):
        raise ValueError(f"answers: {len(wrong) + 1} to choose from; a vignette takes 2 to {len(LETTERS)}")
    question = questioned(row)
    story = plain(text(row["patient_info"], "patient_info"))
    told = plain(_LAST.sub("", question)).strip()
    first, *others = sorted(wrong)
    return VignetteCase(
        id=name,
        vignette=told or ACCOUNT.format(story=story, exams=examined(row)),
        diagnosis=right,
        anchor=first,
        others=tuple(others),
        persona={"patient": stated(plain(question)) | stated(story)},
        order=tuple(range(len(wrong) + 1)),
    )
