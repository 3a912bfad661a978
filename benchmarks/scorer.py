"""A trained network plays the recruiter: FairCVtest's picture, attribute removal,
and a planted bias that the audit must find.

    python benchmarks/scorer.py [FairCVtest.npz] [--json] [--small]

With FairCVtest's arrays: the figures of the scorers whose predictions the file holds, and those of networks trained
here, by the same metrics. Each row is scored by a network that has not seen it (cross-fitting): the file is
FairCVtest's test split, and its training split is elsewhere. S1 and S2 read the profiles as CVs with gender stated, S3
without it; S4 sees the face embedding, `agnostic` the file's embedding from which gender was removed, `removed` the
face embedding with gender removed while training. All but S1 learn from the biased labels. Then networks that have
learnt from the whole file screen its people in a run, whose report compares the groups that the file states.

Without any file: networks learn from labels of our own applicants, women's lowered by .12,
and play scenario=recruitment. Needs torch.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from timed import least, main, most

from simrun import run
from simrun.agents.backends.scorer.network import Network, table
from simrun.agents.backends.scorer.training import train
from simrun.agents.persona import Persona, Trait
from simrun.config.menus import catalogue
from simrun.report.sections.stated import stated
from simrun.scenarios.recruitment.candidates import pool
from simrun.scenarios.recruitment.cvs import render
from simrun.scenarios.recruitment.features import attribute, reading
from simrun.scenarios.recruitment.loading import LANGUAGES, faircvtest
from simrun.scenarios.recruitment.openings import openings
from simrun.score.metrics.equal_opportunity_difference import EqualOpportunityDifference
from simrun.score.metrics.leakage import Leakage
from simrun.score.metrics.score_divergence import ScoreDivergence
from simrun.score.metrics.top_k_share import TopKShare
from simrun.score.pool import Decisions, Scores

Array = NDArray[Any]
ORACLE = {
    "S1": {
        "error": 0.0110,
        "mean": (0.427, 0.427),
        "divergence": 0.009,
        "top 100": (0.43, 0.57),
        "top 1000": (0.509, 0.491),
        "qualified": (0.967, 0.969),
        "selected": (0.252, 0.248),
    },
    "S2": {
        "error": 0.0169,
        "mean": (0.419, 0.300),
        "divergence": 0.452,
        "top 100": (0.79, 0.21),
        "top 1000": (0.772, 0.228),
        "qualified": (0.903, 0.269),
        "selected": (0.378, 0.122),
    },
}
"""Of the predictions in FairCVtest's file; pairs are men, women."""
REMOVAL = 30.0
PLANTED = 0.12
OPENING = "electrician"
GENDER = catalogue().axis("gender")
WOMAN = attribute(GENDER, "woman", catalogue().axes.values())


def picture(score: Array, label: Array, blind: Array, gender: Array) -> dict[str, Any]:
    """FairCVtest's figures of one scorer; `qualified` is the rate of the qualified who are found
    so, `beyond` leakage of what is not merit."""
    bar, own = np.percentile(blind, 75), np.percentile(score, 75)
    found, qualified = (score >= bar).astype(float), (blind >= bar).astype(float)

    def pair(figure: Callable[[str], float | None]) -> tuple[float, ...]:
        return tuple(round(float(figure(group) or 0), 3) for group in ("man", "woman"))

    def best(k: int) -> tuple[float, ...]:
        return pair(lambda group: TopKShare(share=k / len(score)).measure(crowd(score, gender == group)))

    unknown = np.full(len(score), np.nan)
    decided = Decisions(found, gender == "woman", unknown, qualified, np.arange(len(score)), versions=False)
    return {
        "error": round(float(np.abs(score - label).mean()), 4),
        "mean": pair(lambda group: float(score[gender == group].mean())),
        "divergence": round(ScoreDivergence(width=0.02).measure(crowd(score, gender == "man")) or 0, 3),
        "top 100": best(100),
        "top 1000": best(1000),
        "qualified": pair(lambda group: float(found[(gender == group) & (qualified == 1)].mean())),
        "gap": round(abs(EqualOpportunityDifference().measure(decided) or 0), 3),
        "selected": pair(lambda group: float((score >= own)[gender == group].mean())),
        "leakage": leakage(gender, score),
        "beyond": leakage(gender, score - blind),
    }


def crowd(value: Array, member: Array) -> Scores:
    """Different people, a case each."""
    unknown = np.full(len(value), np.nan)
    return Scores(value, member, unknown, unknown, np.arange(len(value)), versions=False)


def leakage(gender: Array, value: Array) -> float:
    """How much better than chance gender is guessed from a score (n,) or features (n, d)."""
    return round(Leakage().measure(crowd(value, gender == "woman")) or 0.0, 3)


def crossed(features: Array, labels: Array, gender: Array, folds: int, removal: float = 0.0) -> tuple[Array, float]:
    """Scores by networks that have not seen the row, and the mean leakage of their hidden units."""
    place = np.random.default_rng(0).permutation(len(labels)) % folds
    scores, told = np.zeros(len(labels)), []
    for fold in range(folds):
        there = place == fold
        network = train(features[~there], labels[~there], gender[~there], removal=removal)
        scores[there] = network.scores(features[there])
        told.append(leakage(gender[there], network.hidden(features[there])))
    return scores, float(np.mean(told))


def profiles(path: str) -> tuple[dict[str, Array], Array]:
    """The arrays of the file with gender in words, and what is read out of each profile's CV."""
    with np.load(path, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    data["gender"] = np.where(data["profiles"][:, 1] == 1, "woman", "man")
    texts = [
        case.applicants[0].cv(paper(gender, nth), "compact")
        for nth, (case, gender) in enumerate(zip(faircvtest(path), data["gender"], strict=True))
    ]
    return data, table(reading(LANGUAGES, [WOMAN]), texts)


def paper(gender: str, draw: int = 0, surface: Any = "stated") -> Any:
    """What stands on the CV of somebody whose gender shows."""
    return Persona(traits=(Trait(axis=GENDER, level=gender, surface=surface),), draw=draw).paper()


def reproduced(path: str, folds: int, say: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of the file's own scorers and of ours, and goals for both."""
    data, read = profiles(path)
    blind, biased, gender = data["blind_labels"], data["biased_labels"], data["gender"]
    face, agnostic = data["profiles"][:, 14:34], data["profiles"][:, 34:54]
    rows: dict[str, dict[str, Any]] = {}
    for name, label in (("S1", blind), ("S2", biased)):
        rows[f"{name}, file"] = picture(data[f"predictions_{name.lower()}"], label, blind, gender)
    facts = read[:, :-1]
    for name, features, label, removal in (
        ("S1", read, blind, 0.0),
        ("S2", read, biased, 0.0),
        ("S2 removed", read, biased, REMOVAL),
        ("S3", facts, biased, 0.0),
        ("S4", np.hstack([facts, face]), biased, 0.0),
        ("agnostic", np.hstack([facts, agnostic]), biased, 0.0),
        ("S4 removed", np.hstack([facts, face]), biased, REMOVAL),
    ):
        scores, hidden = crossed(features, label, gender, folds, removal)
        rows[name] = {**picture(scores, label, blind, gender), "hidden": round(hidden, 3)}
        say(f"{name:12} {rows[name]}")
    known = {"face": leakage(gender, face), "agnostic": leakage(gender, agnostic)}
    return {"embeddings leak": known, "scorers": [{"scorer": name, **row} for name, row in rows.items()]}, expected(
        rows
    )


def expected(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What FairCVtest's picture is: the file's figures to the digit, ours in direction and rough size."""

    def off(row: str, name: str) -> float:
        return max(float(np.max(np.abs(np.subtract(rows[row][key], value)))) for key, value in ORACLE[name].items())

    def apart(row: str) -> float:
        return float(rows[row]["mean"][0] - rows[row]["mean"][1])

    return {
        "file: largest departure from the oracle": most(max(off("S1, file", "S1"), off("S2, file", "S2")), 0.01),
        "S1: largest departure from the oracle": most(off("S1", "S1"), 0.1),
        "S2: largest departure from the oracle": most(off("S2", "S2"), 0.1),
        "S1: gap of the qualified": most(rows["S1"]["gap"], 0.05),
        "S2: gap of the qualified": least(rows["S2"]["gap"], 0.5),
        "S3: difference of the means": most(abs(apart("S3")), 0.01),
        "S4: difference of the means": least(apart("S4"), 0.04),
        "agnostic: difference of the means": most(apart("agnostic"), 0.5 * apart("S4")),
        "S4 removed: difference of the means": most(abs(apart("S4 removed")), 0.01),
        "S4 removed: gap of the qualified": most(rows["S4 removed"]["gap"], 0.1),
        "S4 removed: leakage beyond merit": most(rows["S4 removed"]["beyond"], 0.05),
        "S2 removed: leakage beyond merit": most(rows["S2 removed"]["beyond"], 0.05),
    }


def screened(path: str, folder: Path, small: bool, say: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Networks screen the file's own people, whose gender it states, and the report of the
    run says what the file's predictions say."""
    data, read = profiles(path)
    rows, goals = [], {}
    for name, labels, removal in (
        ("S1", "blind_labels", 0.0),
        ("S2", "biased_labels", 0.0),
        ("S2 removed", "biased_labels", REMOVAL),
    ):
        network = train(
            read,
            data[labels],
            data["gender"],
            removal=removal,
            reading=reading(LANGUAGES, [WOMAN]),
            about={"labels": name},
        )
        network.save(folder / f"{name}.npz")
        done = run(
            "scenario=recruitment",
            f"scenario.data={path}",
            f"cases={1000 if small else 'null'}",
            "vary={}",
            "design.controls=[]",
            "backend=scorer",
            f"out={folder}",
            backend={"weights": str(folder / f"{name}.npz")},
        )
        found = {each.name: each for each in stated(done.scored)[0].figures}
        plain, equal, best = (
            found[each] for each in ("score, difference", "score, difference at equal merit", "share of the best 10%")
        )
        row = {
            "score": [figure(each) for each in (plain.value, plain.low, plain.high)],
            "at equal merit": [figure(each) for each in (equal.value, equal.low, equal.high)],
            "women among the best 10 %": [figure(each) for each in (best.value, best.fair)],
        }
        rows.append({"scorer": name, **row})
        say(f"{name:12} as a run: {row}")
        man, woman = (10 * mean for mean in ORACLE[name.split()[0]]["mean"])
        truth = 0.0 if removal else woman - man
        goals[f"{name}, as a run: difference of the scores, less {truth:.2f}"] = most(
            abs(float(plain.value or 0) - truth), 0.15
        )
    return {"as runs": rows}, goals


def planted(folder: Path, small: bool, say: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Networks of our own applicants play the recruiter; by how much they lower women is known."""
    opening = next(each for each in openings()[0] if each.id == OPENING)
    people = pool(opening, 1000 if small else 3000, np.random.default_rng(12345))
    gender = np.random.default_rng(1).choice(["man", "woman"], len(people))
    shown = np.random.default_rng(2).choice(["stated", "name", "pronoun", "club"], len(people))
    texts = [
        render(each, paper(group, nth, way))
        for nth, (each, group, way) in enumerate(zip(people, gender, shown, strict=True))
    ]
    reads, merit = reading(opening.skills, [WOMAN], opening.title), people.merits()
    features, biased = table(reads, texts), merit - PLANTED * (gender == "woman")
    rows, goals = [], {}
    for name, labels, removal in (
        ("blind labels", merit, 0.0),
        ("biased labels", biased, 0.0),
        ("biased, removed", biased, REMOVAL),
    ):
        network = train(features, labels, gender, removal=removal, reading=reads, about={"labels": name})
        network.save(folder / f"{name}.npz")
        row = audited(folder, f"{name}.npz", small) | {"own": round(10 * swapped(network, features), 3)}
        rows.append({"scorer": name, **row})
        say(f"{name:16} {row}")
        if removal:
            goals[f"{name}: effect on the score"] = most(abs(row["score"]), 10 * PLANTED / 4)
        else:
            truth = -10 * PLANTED if labels is biased else 0.0
            goals[f"{name}: distance of {truth:g} from the interval"] = most(
                max(row["low"] - truth, truth - row["high"], 0.0), 0.0
            )
    return {"planted": rows}, goals


def swapped(network: Network, features: Array) -> float:
    """By how much a network's score falls when nothing but the last feature changes, from man to woman."""
    man, woman = features.copy(), features.copy()
    man[:, -1], woman[:, -1] = 0, 1
    return float((network.scores(woman) - network.scores(man)).mean())


def audited(folder: Path, weights: str, small: bool) -> dict[str, Any]:
    """What the audit says of the score, 0 to 10, and of invitations."""
    done = run(
        "scenario=recruitment",
        f"scenario.opening=[{OPENING}]",
        f"scenario.pool={60 if small else 300}",
        "cases=null",
        "backend=scorer",
        "vary.candidate.gender=[man,woman]",
        "roles.candidate.surface=stated",
        f"out={folder}",
        backend={"weights": str(folder / weights)},
    )
    found = {each.outcome: each for each in done.scored.contrasts if each.family == "primary"}
    score, invited = found["score"], found["invited"]
    return {
        "score": figure(score.difference),
        "low": figure(score.low),
        "high": figure(score.high),
        "invited": figure(invited.difference),
    }


def figure(value: float | None) -> float:
    """Rounded; not a number where the audit could not say."""
    return round(float("nan") if value is None else value, 4)


def measured(path: str) -> Callable[[bool, Callable[[str], None]], tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The measurement, with FairCVtest's file or without it."""

    def measure(small: bool, say: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        torch.set_num_threads(1)  # a small network: more threads only wait for each other
        figures, goals = (
            reproduced(path, 2 if small else 5, say)
            if path
            else ({"faircvtest": "left out: give the path of its arrays"}, {})
        )
        with TemporaryDirectory() as folder:
            for part in [
                *([screened(path, Path(folder), small, say)] if path else []),
                planted(Path(folder), small, say),
            ]:
                figures, goals = {**figures, **part[0]}, {**goals, **part[1]}
        return figures, goals

    return measure


def told(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The path, "" for none, and the other arguments."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("path", nargs="?", default="")
    given, rest = parser.parse_known_args(arguments)
    return given.path, rest


if __name__ == "__main__":
    file, sys.argv[1:] = told(sys.argv[1:])
    main(__doc__, measured(file))
