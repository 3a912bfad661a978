"""Which words one arm says more: planted ones found, none where only the length differs."""

import json

import numpy as np

from simrun.report.vocabulary import _uses, vocabularies


def test_words_said_more_of_one_group_are_found(play, command):
    """The script has a communal and an agentic letter, the communal one oftener for women:
    its own words differ, those of both do not."""
    run = play(
        "scenario=recruitment",
        "scenario.mode=letter",
        "roles.candidate.surface=stated",
        vary={"candidate": {"gender": ["man", "woman"]}},
        backend={"group": "Gender: woman", "effect": 0.4},
        cases=60,
    )
    found, same = vocabularies(run.manifests[0], run.episodes, run.turns)
    more = {each.word: each for each in found.uses}
    assert (found.role, found.pairs, same.arm, same.uses) == ("referee", 60, "same", ())
    assert more["warm"].log_odds > 0.1 > -0.1 > more["ambitious"].log_odds
    assert not {"recommend", "team", "she", "woman"} & set(more)
    texts = run.turns.merge(run.episodes[["trial", "arm"]], on="trial")
    women = texts[texts.arm == "candidate.gender=woman"].text
    assert more["warm"].times == women.str.count(r"\bwarm\b").sum()
    code, told, _ = command("show", run.path, "--words", "--json")
    assert (code, json.loads(told)[0]["arm"]) == (0, "candidate.gender=woman")


def test_no_word_is_found_where_only_length_differs():
    """The arm's texts are twice as long, of the same 30 words by lot: no word is said more among them."""
    rng = np.random.default_rng(5)
    table = np.stack([rng.multinomial(length, np.full(30, 1 / 30), size=40) for length in (240, 120)], axis=1).astype(
        float
    )
    assert _uses([f"w{at}" for at in range(30)], table, np.arange(40), 10) == ((), 30)
