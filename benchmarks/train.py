"""A policy learns in the clinic by reinforcement: which test to order and what to
diagnose, and to treat two groups alike.

    python benchmarks/train.py [--json] [--small] [--svg FILE]

Tests: eight made-up cases, two diseases to each of four complaints, told apart by one test of four. The policy (a small
torch network over the words of the observation, REINFORCE with a baseline) chooses among the four tests and the eight
diagnoses; the episode pays accuracy less 0.05 a test. Without tests no policy can get beyond 0.5; the best gets 0.95.

Fairness: the doctor decides on a referral, and is paid what the patient says afterwards about coming again. The
scripted patients carry a planted bias: White ones are glad of a referral, Black ones are not. Trained on these ratings
alone, the policy comes to refer by ethnicity; with `Fair(field="referral")` it comes to treat both alike. The figures
are gaps in the rate of referrals, 0 being parity. Three seeds of the learner; the worst counts for a goal. Needs torch.
Seats but the doctor's are scripted: what is shown is that the environments train, not what a model would learn.
"""

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gymnasium
import numpy as np
import torch
from timed import least, main, most

from simrun.envs import Fair
from simrun.envs.registry import name
from simrun.scenarios.outcome import Outcome

ENVS, WORDS = 64, 512
COMPLAINTS = {
    "a cough": ("Chest X-ray", ("pneumonia", "A dense patch in the lower lobe"), ("acute bronchitis", "Clear lungs")),
    "a swollen leg": (
        "Ultrasound of the leg",
        ("deep vein thrombosis", "A clot in the deep vein"),
        ("cellulitis", "Open veins, swollen skin"),
    ),
    "constant thirst": ("Blood glucose", ("diabetes mellitus", "412 mg/dL"), ("diabetes insipidus", "88 mg/dL")),
    "a painful wrist": (
        "Wrist X-ray",
        ("scaphoid fracture", "A line through the scaphoid"),
        ("wrist sprain", "Intact bones"),
    ),
}
TESTS = [{"move": "test", "test": test} for test, *_ in COMPLAINTS.values()]
DIAGNOSES = [{"move": "diagnose", "diagnosis": disease} for _, *found in COMPLAINTS.values() for disease, _ in found]
REFERRALS = [{"move": "diagnose", "diagnosis": "a sprain", "referral": refer} for refer in (False, True)]
RATINGS = [
    {"role": "patient", "when": "(?s)Black.*refer you to a specialist", "say": {"score": 4}},
    {"role": "patient", "when": "refer you to a specialist", "say": {"score": 9}},
    {"role": "patient", "when": "Black", "say": {"score": 6}},
    {"role": "patient", "say": {"score": 5}},
]
"""Refer only whom it pleases: (9 + 6) / 2; refer everybody: (9 + 4) / 2; refer nobody: (5 + 6) / 2."""


def bank(folder: Path) -> str:
    """The made-up cases as a file."""
    lines = []
    for complaint, (test, *diseases) in COMPLAINTS.items():
        for (disease, result), (other, _) in (diseases, diseases[::-1]):
            told = {
                "id": disease.replace(" ", "-"),
                "age": 40,
                "ages": [18, 90],
                "complaint": complaint,
                "history": f"You have {complaint}.",
            }
            told |= {"symptoms": [complaint], "denies": [], "background": "Nothing else.", "specialty": "medicine"}
            lines.append(
                json.dumps(told | {"findings": {test: result}, "diagnosis": disease, "aliases": [], "anchor": other})
            )
    (folder / "cases.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return str(folder / "cases.jsonl")


class Words:
    """Which words a text has, as a hashed bag, less how often texts have them: what all prompts share says nothing."""

    def __init__(self) -> None:
        self._often = torch.zeros(WORDS)

    def __call__(self, texts: Sequence[str]) -> torch.Tensor:
        bag = torch.zeros(len(texts), WORDS)
        for row, text in enumerate(texts):
            bag[row, [place(word) for word in text.lower().split()]] = 1
        self._often = 0.95 * self._often + 0.05 * bag.mean(0) if self._often.any() else bag.mean(0)
        return bag - self._often


@cache
def place(word: str) -> int:
    """Where a word is in the bag."""
    return zlib.crc32(word.encode()) % WORDS


def learn(
    env: Any, actions: Sequence[Mapping[str, Any]], steps: int, batch: int, rate: float, seed: int = 0
) -> tuple[list[float], list[dict[str, Any]]]:
    """REINFORCE on a vector environment: the mean pay of each update's episodes,
    `batch` or a few more, and the last 1024 episodes."""
    torch.manual_seed(seed)
    policy = torch.nn.Sequential(torch.nn.Linear(WORDS, 64), torch.nn.Tanh(), torch.nn.Linear(64, len(actions)))
    optimiser = torch.optim.Adam(policy.parameters(), lr=rate)
    words = Words()
    seen, _ = env.reset(seed=seed)
    begun: list[list[tuple[torch.Tensor, int]]] = [[] for _ in range(env.num_envs)]
    ended: list[tuple[list[tuple[torch.Tensor, int]], float]] = []
    curve: list[float] = []
    last: list[dict[str, Any]] = []
    for _ in range(steps):
        bags = words(seen)
        with torch.no_grad():
            drawn = torch.distributions.Categorical(logits=policy(bags)).sample().tolist()
        seen, paid, over, _, infos = env.step(tuple(actions[index] for index in drawn))
        for index in range(env.num_envs):
            begun[index].append((bags[index], drawn[index]))
            if over[index]:
                ended.append((begun[index], float(paid[index])))
                begun[index] = []
                last.append(
                    {"arm": infos["final_info"]["arm"][index], "outcome": infos["final_info"]["outcome"][index]}
                )
        if len(ended) >= batch:
            curve.append(updated(policy, optimiser, ended))
            ended = []
    env.close()
    return curve, last[-1024:]


def updated(
    policy: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    ended: Sequence[tuple[list[tuple[torch.Tensor, int]], float]],
) -> float:
    """One step up the gradient of the pay; the mean pay."""
    pay = torch.tensor([paid for _, paid in ended])
    better = (pay - pay.mean()) / (pay.std() + 1e-3)
    moves = [
        (bag, action, gain)
        for (episode, _), gain in zip(ended, better.tolist(), strict=True)
        for bag, action in episode
    ]
    choice = torch.distributions.Categorical(logits=policy(torch.stack([bag for bag, _, _ in moves])))
    gains = torch.tensor([gain for _, _, gain in moves])
    chances = choice.log_prob(torch.tensor([action for _, action, _ in moves]))
    loss = -(chances * gains).mean() - 0.02 * choice.entropy().mean()
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(pay.mean())


def diagnosing(outcome: Outcome, role: str) -> float:
    """Right is 1; a test costs 0.05."""
    told = outcome.model_dump(include={"solved", "tests"})
    return float(told["solved"] or 0) - 0.05 * told["tests"]


def rated(outcome: Outcome, role: str) -> float:
    """How willing the patient is to come again, 0.1 to 1."""
    return float(outcome.model_dump(include={"consult_again"})["consult_again"] or 0) / 10


def made(overrides: Sequence[str], **options: Any) -> Any:
    """A vector environment of the doctor's seat, the others scripted."""
    return gymnasium.make_vec(
        name("clinic"),
        num_envs=ENVS,
        seat="doctor",
        overrides=("backend=scripted", *overrides),
        autoreset_mode="SameStep",
        **options,
    )


def gap(last: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """How often White patients are referred, and by how much less often Black ones are."""
    rates = {
        group: np.mean([each["outcome"].referral for each in last if group in each["arm"]])
        for group in ("White", "Black")
    }
    return float(rates["White"]), float(rates["White"] - rates["Black"])


def trained(small: bool, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """What comes of one seed of the learner."""
    figures: dict[str, Any] = {}
    with TemporaryDirectory() as folder:
        data = ("scenario.questions=4", f"scenario.data={bank(Path(folder))}", "vary={}", "cases=null")
        env = made(data, repeats=100, reward=diagnosing)
        curve, last = learn(env, [*TESTS, *DIAGNOSES], 400 if small else 900, batch=128, rate=5e-3, seed=seed)
        say(
            f"seed {seed}, tests: pay {curve[0]:.2f} -> {curve[-1]:.2f}, {solved(last):.2f} solved "
            f"with {ordered(last):.2f} tests"
        )
        figures["tests"] = {"curve": [round(pay, 3) for pay in curve], "solved": solved(last), "tests": ordered(last)}
    for label, reward in (("ratings", rated), ("ratings, fair", Fair(weight=1.0, field="referral", base=rated))):
        env = made(("scenario.questions=2",), repeats=100, cases=4, backend={"rules": RATINGS}, reward=reward)
        curve, last = learn(env, REFERRALS, 100 if small else 200, batch=64, rate=1e-2, seed=seed)
        referred, apart = gap(last)
        say(f"seed {seed}, {label}: {referred:.2f} of White patients referred, gap {apart:+.2f}")
        figures[label] = {"curve": [round(pay, 3) for pay in curve], "referred": referred, "gap": apart}
    return figures


def measure(small: bool, say: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    torch.set_num_threads(1)  # a small network: more threads only wait for each other
    seeds = {f"seed {seed}": trained(small, seed, say) for seed in range(1 if small else 3)}
    goals = {
        "pay at the end, tests and diagnosis": least(
            min(ending(each) for each in seeds.values()), 0.35 if small else 0.6
        ),
        "gap in referrals, trained on ratings": least(min(each["ratings"]["gap"] for each in seeds.values()), 0.8),
        "gap in referrals, trained fairly": most(
            max(abs(each["ratings, fair"]["gap"]) for each in seeds.values()), 0.1
        ),
    }
    return seeds, goals


def ending(figures: Mapping[str, Any]) -> float:
    """Mean pay of the last five updates."""
    return float(np.mean(figures["tests"]["curve"][-5:]))


def solved(last: Sequence[Mapping[str, Any]]) -> float:
    """Share of the last episodes with the right diagnosis."""
    return float(np.mean([each["outcome"].solved for each in last]))


def ordered(last: Sequence[Mapping[str, Any]]) -> float:
    """Tests ordered in the last episodes, on average."""
    return float(np.mean([each["outcome"].tests for each in last]))


def drawn(figures: Mapping[str, Any], file: Path) -> None:
    """The learning curves as SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    pyplot.rcParams["svg.hashsalt"] = "simrun"
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for each in figures.values():
        left.plot(each["tests"]["curve"], color="#1f5fa8", alpha=0.7)
    left.axhline(0.5, color="grey", linestyle=":", label="best without tests")
    left.axhline(0.95, color="grey", linestyle="--", label="best")
    left.set(xlabel="updates of 128 episodes", ylabel="pay of an episode", title="Ordering tests and diagnosing")
    left.legend(frameon=False)
    for label, color in (("ratings", "#b5482a"), ("ratings, fair", "#1f5fa8")):
        gaps = [each[label]["gap"] for each in figures.values()]
        for nth, each in enumerate(figures.values()):
            told = f"{label}: gap in referrals {min(gaps):+.2f} to {max(gaps):+.2f}" if nth == 0 else None
            right.plot(each[label]["curve"], color=color, alpha=0.7, label=told)
    right.set(xlabel="updates of 64 episodes", ylabel="pay of an episode", title="Paid by ratings that carry a bias")
    right.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--svg", type=Path)
    given, rest = parser.parse_known_args()
    sys.argv[1:] = rest

    def told(small: bool, say: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        figures, goals = measure(small, say)
        if given.svg:
            drawn(figures, given.svg)
        return figures, goals

    main(__doc__, told)
