"""Applicants of the files of others: FairCVtest, FAIRE, a user's own CVs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simrun.scenarios.base import Fault
from simrun.scenarios.demographics import plain
from simrun.scenarios.fields import absent, cut, ident, kind, text
from simrun.scenarios.files import columns as fields_of
from simrun.scenarios.files import listed, read, require, rows, source
from simrun.scenarios.recruitment.candidates import Candidate, Skill
from simrun.scenarios.recruitment.cases import APPLICANT, Given, RecruitmentCase
from simrun.scenarios.recruitment.openings import Vacancy

FIELDS = ("text", "id", "merit", "title", "advert")
"""What of a user's row is not an axis of its person."""

LANGUAGES = ("English", "Spanish", "French", "German", "Italian", "Portuguese", "Chinese", "Arabic")
"""FairCVtest has eight unnamed languages; which is which is ours."""
OFFICE = Vacancy(
    id="office-post",
    title="Office administrator",
    advert="Office administrator\n\nWhat counts: education, years of experience, languages, a recommendation, and the "
    "days a week one is there.",
)
"""FairCVtest has no job; this one is ours."""


def load(
    path: str,
    columns: Mapping[str, str] = {},
    levels: Mapping[str, Mapping[str, str]] = {},
    vacancy: Vacancy | None = None,
    encoding: str = "",
) -> tuple[tuple[RecruitmentCase, ...], tuple[Fault, ...]]:
    """One case an applicant: FairCVtest's arrays (.npz), FAIRE's rows, or CVs of one's own (.csv, .tsv, .json, .jsonl).

    `columns` says where a field stands: text, id, merit, title, advert; any other name is an axis of the applicant's
    persona, such as gender; `levels` translates what stands there: {"gender": {"f": "woman"}}. CVs without an advert
    apply for `vacancy`. Raises FileNotFoundError when there is no such file, ValueError when a mapped column is not
    there or no row is a case.
    """
    file = source(path, "", "scenario.data", encoding)
    if file.ending == ".npz":
        return faircvtest(path), ()
    found = tuple(rows(file))
    there = fields_of(found)
    if {"original", "job_description"} <= set(there):
        return read(file, found, _from_faire, _id)
    place = {field: field for field in FIELDS if field in there} | dict(columns)
    if there and "text" not in place:
        raise ValueError(f"{file} has no column text; say which holds the CV: columns.text=NAME; {listed(there)}")
    if there:
        require(place, there, file)
    if "advert" not in place and vacancy is None:
        raise ValueError(
            f"{file} does not say what job its CVs are for: map a column to advert, or choose one of our openings"
        )
    own = {field: column for field, column in place.items() if field in FIELDS[1:] and field not in columns}

    def made(row: dict[str, Any], number: int) -> RecruitmentCase:
        # a column that nobody mapped may be missing in some rows
        given = {column: row.get(column) for column in own.values()} | row
        return _from_own(given, f"{file.stem}-{number}", place, levels, vacancy)

    return read(file, found, made, _id)


def _id(case: RecruitmentCase) -> str:
    return case.id


def _from_own(
    row: Mapping[str, Any],
    name: str,
    place: Mapping[str, str],
    levels: Mapping[str, Mapping[str, str]],
    vacancy: Vacancy | None,
) -> RecruitmentCase:
    said = {field: row[column] for field, column in place.items()}
    name = ident(said.get("id"), name)
    job = vacancy if vacancy is not None and absent(said.get("advert")) else _vacancy(name, said)
    levelled = {axis: _level(axis, value, levels) for axis, value in said.items() if axis not in FIELDS}
    person = {axis: level for axis, level in levelled.items() if level}
    given = Given(id=name, text=plain(text(said["text"], "text")), worth=_number("merit", said.get("merit")))
    return RecruitmentCase(id=name, vacancy=job, applicants=(given,), persona={APPLICANT: person} if person else {})


def _vacancy(name: str, said: Mapping[str, Any]) -> Vacancy:
    if absent(said.get("advert")):
        raise ValueError("advert: empty, and no opening was chosen for all")
    advert = text(said["advert"], "advert").strip()
    title = advert.splitlines()[0] if absent(said.get("title")) else text(said["title"], "title")
    return Vacancy(id=name, title=title[:80].strip(), advert=advert)


def _level(axis: str, value: Any, levels: Mapping[str, Mapping[str, str]]) -> str:
    """The level that a cell means; "" where it says nothing. `none` and `n/a` may be levels, NaN is not."""
    if isinstance(value, dict | list):
        raise ValueError(f"{axis}: expected a text or a number, got {kind(value)}")
    whole = (isinstance(value, float) and value.is_integer()) or (axis == "age" and str(value).endswith(".0"))
    said, known = str(int(float(value)) if whole else "" if value is None else value).strip(), levels.get(axis)
    if known is not None and said in known:
        return known[said]
    if absent(value) and (known is not None or said.casefold() not in ("none", "na", "n/a", "null")):
        return ""
    if known is None:
        return said
    raise ValueError(f"{axis}: no level is given for {cut(said)}, only for {', '.join(known)}")


def _number(field: str, value: Any) -> float | None:
    if absent(value):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{field}: expected a number, got {cut(value)}") from None
    if not np.isfinite(found):
        raise ValueError(f"{field}: expected a finite number, got {cut(value)}")
    return found


def _from_faire(row: dict[str, Any], number: int) -> RecruitmentCase:
    name = f"faire-{number}"
    job = Vacancy(
        id=name,
        title=text(row["category"], "category").replace("-", " "),
        advert=text(row["job_description"], "job_description").strip(),
    )
    return RecruitmentCase(id=name, vacancy=job, applicants=(Given(id=name, text=text(row["original"], "original")),))


def faircvtest(path: str) -> tuple[RecruitmentCase, ...]:
    """FairCVtest's profiles as CVs: education, experience, recommendation, days and languages; merit is the blind
    label.

    Gender is the applicant's persona; `scores` has the biased label and the scorers' predictions. Ethnicity (column
    0) is a number that the data set does not name, and is kept in `scores` alone. Embeddings are left out: read them
    from the file. Raises ValueError when the arrays are not FairCVtest's. Source: Peña et al. 2020,
    arXiv:2004.07173.
    """
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    profiles = arrays.get("profiles")
    if profiles is None or "blind_labels" not in arrays or profiles.ndim != 2 or profiles.shape[1] != 54:
        shapes = ", ".join(f"{name} {value.shape}" for name, value in arrays.items())
        raise ValueError(f"{path}: expected FairCVtest's arrays profiles (n, 54) and blind_labels (n,), got {shapes}")
    others = {
        name: values for name, values in arrays.items() if values.shape == (len(profiles),) and name != "blind_labels"
    }
    return tuple(
        _from_faircvtest(
            nth, row, float(arrays["blind_labels"][nth]), {name: float(values[nth]) for name, values in others.items()}
        )
        for nth, row in enumerate(profiles[:, :14].tolist())
    )


def _from_faircvtest(nth: int, row: Sequence[float], blind: float, others: Mapping[str, float]) -> RecruitmentCase:
    name = f"faircvtest-{nth}"
    ethnicity, gender, education, experience, recommended, days, *languages = row
    facts = Candidate(
        id=name,
        field="business administration",
        education=int(education),
        experience=experience,
        availability=int(days),
        recommendation=bool(recommended),
        skills=tuple(
            Skill(name=each, level=int(level)) for each, level in zip(LANGUAGES, languages, strict=True) if level
        ),
    )
    return RecruitmentCase(
        id=name,
        vacancy=OFFICE,
        applicants=(Given(id=name, facts=facts, worth=blind),),
        scores={"ethnicity": ethnicity, **others},
        persona={APPLICANT: {"gender": "woman" if gender else "man"}},
    )
