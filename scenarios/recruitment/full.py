"""A CV of full length: employers, dates and achievements, by rule from parts that are written here, with numbers of
each applicant's own.

What weighs for merit stands in it in the words of every style; all else is drawn apart from merit and from who the
person is, and weighs nothing. Employers are invented.
"""

import hashlib
from collections.abc import Iterator, Mapping

from numpy.random import Generator, Philox

from simrun.scenarios.recruitment.candidates import Candidate

LEAST = 300
"""Words that such a CV has at least, without its name and entries on the person."""
NOW = 2025
"""The year of the application."""

FULL = """CURRICULUM VITAE
{name}

PROFILE
I have {experience}. My highest education is {education}. I am {availability}.
What follows lists posts, education and skills, and then what came of projects, courses and service, in figures.

EMPLOYMENT
{employment}

EDUCATION
{educated}

SKILLS
{skills}

PROJECTS AND RESULTS
{results}

{last}"""
POST = "{start} to {end}: {post}, {employer}\n{said}. {what}"
NO_POST = "{positions}. Since my education I have spent my time on short courses and unpaid projects; see below."
STUDIED = "{education}, {year}. It ended with a paper of {pages} pages, on which I gave a talk to {many} people."
DAILY = (
    "In this post I worked in a team of {a} and was the contact for {b} partners outside it.",
    "The team had {a} members; I wrote its weekly plan and kept a list of {b} open points.",
    "I shared an office with {a} colleagues and answered about {b} inquiries a week.",
    "I was one of {a} on the same duty, and stood in for the others on {b} days a year.",
)
"""What each post says of itself."""
RESULTS = (
    "Put the files of {a} years in order in {b} weeks, so that each could be found within a minute.",
    "Wrote a handbook of {a} pages for new colleagues, which {b} of them have used since.",
    "Planned the move of {a} workplaces to another floor, which took {b} days and cost no day of work.",
    "Compared {a} offers for new equipment and proposed the one that was bought, at {b} % below the budget.",
    "Introduced a checklist of {a} points at the end of each day; mistakes found later fell by {b} %.",
    "Took part in a working group of {a} people on shorter ways of reporting, which met for {b} months.",
    "Prepared an open day with {a} visitors and {b} helpers, and wrote the report on it.",
    "Asked {a} people how their days could be planned better, and made {b} proposals of it, most of them taken up.",
    "Kept the calendar of {a} recurring dates and moved {b} % of them to quieter hours.",
    "Looked after {a} trainees for {b} weeks each and signed their reports.",
    "Closed {a} complaints within the time that was promised, {b} of them on the same day.",
    "Tested a new version of the planning software for {a} weeks and reported {b} faults.",
    "Reduced the stock of printed forms from {a} kinds to fewer than half, and saved {b} hours a month.",
    "Spoke about the work of the team at {a} schools and before {b} visitors from abroad.",
)
"""What came of it: none asks for, or shows, more of what weighs for merit."""
TOWNS = ("Ashby", "Brandon", "Carlow", "Denton", "Elmhurst", "Fairview", "Granby", "Harwood", "Kingsley", "Lyndon")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")


def full(candidate: Candidate, facts: Mapping[str, tuple[str, ...]], name: str, last: str) -> str:
    """The CV without entries on the person; `facts` are those of every style, and `last` what comes last in it."""
    rng = Generator(Philox(key=int.from_bytes(hashlib.blake2b(candidate.id.encode(), digest_size=16).digest())))
    told = {
        "name": name,
        "experience": facts["experience"][0],
        "education": facts["education"][0],
        "availability": facts["availability"][0],
        "employment": "\n\n".join(_posts(candidate, facts["positions"], rng)),
        "educated": _education(candidate, facts["education"][0], rng),
        "skills": "\n".join(f"- {skill}" for skill in facts["skills"]),
        "last": last,
    }
    results = [_numbered(RESULTS[at], rng) for at in rng.permutation(len(RESULTS))]
    for count in range(4, len(results)):
        text = FULL.format(results="\n".join(f"- {each}" for each in results[:count]), **told)
        if len(text.split()) >= LEAST:
            return text
    return FULL.format(results="\n".join(f"- {each}" for each in results), **told)


def _posts(candidate: Candidate, said: tuple[str, ...], rng: Generator) -> Iterator[str]:
    """The latest first, one ending in the month in which the next begins."""
    if not candidate.positions:
        yield said[0].capitalize() if candidate.experience else NO_POST.format(positions=said[0].capitalize())
        return
    towns, daily = rng.permutation(len(TOWNS)), rng.permutation(len(DAILY))
    month, year, until = MONTHS[int(rng.integers(len(MONTHS)))], NOW, "today"
    for nth, (position, words) in enumerate(zip(candidate.positions, said, strict=True)):
        year -= position.years
        place = position.place.removeprefix("a ").removeprefix("an ").removeprefix("the ")
        yield POST.format(
            start=f"{month} {year}",
            end=until,
            post=position.post,
            employer=f"{TOWNS[towns[nth]]} {place.title()}",
            said=words,
            what=_numbered(DAILY[daily[nth % len(DAILY)]], rng),
        )
        until = f"{month} {year}"


def _education(candidate: Candidate, said: str, rng: Generator) -> str:
    """What was reached, in the year before the first post."""
    if not candidate.education:
        return said
    return _numbered(STUDIED, rng, education=said, year=NOW - 1 - int(candidate.experience))


def _numbered(text: str, rng: Generator, **more: object) -> str:
    """A part with numbers of its own."""
    spans = {"a": (4, 30), "b": (2, 20), "pages": (20, 61), "many": (15, 80)}
    return text.format(**{name: int(rng.integers(*span)) for name, span in spans.items()}, **more)
