"""What is said in a review, what does not fit an engine, and what is refused."""

import json

import numpy as np
import pytest
from conftest import config
from reviewing import SHORT, asked, by, outcomes, scores, signed, staged

from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.plan.context import CHARACTERS, check_context, lengthened, longest
from simrun.plan.design import planned
from simrun.plan.treatment import audited
from simrun.scenarios.peer_review import prompts
from simrun.scenarios.peer_review.papers import Paper
from simrun.scenarios.peer_review.scripts import asked as question
from simrun.scenarios.peer_review.venues import venues

ONE = "reviewer_1"
ALL = {"desk": True, "draft": True, "revision": True, "reviewers": 2}


# What is said


def test_every_question_has_three_wordings_that_ask_for_the_same(known):
    for name, wordings in vars(prompts).items():
        if name.isupper() and isinstance(wordings, tuple):
            assert len(set(wordings)) == 3, name
            forms = {text[text.index('{"') :] for text in wordings if '{"' in text}
            assert len(forms) <= 1, name
            counts = [len(text.split()) for text in wordings]
            assert max(counts) - min(counts) <= 12, name
    played = [outcomes(asked(known, wording=wording, **ALL), by())["reference"] for wording in range(3)]
    assert played[0] == played[1] == played[2]  # scripts know every wording
    assert question(("(Sum up {subject}.)", "(Now?)")) == r"\(Sum\ up\ |\(Now\?\)"


@pytest.mark.parametrize(
    "options", [{}, {"byline": "start"}, {"papers": 3}, {"chairing": "conformist"}, {"rebuttal": False}]
)
@pytest.mark.parametrize("wording", [0, 1, 2])
def test_only_the_declared_words_differ(wording, options, known):
    vary = {"author": {"affiliation": ["unknown", "famous"]}, "reviewer": {"bias": ["none", "prestige"]}}
    audit = audited(asked(known, vary, wording=wording, **options))
    assert audit.amiss == ()
    assert {verdict for pair in audit.audited for verdict in pair.verdicts} == {"intended"}
    assert audit.audited[0].blinded == 0


@pytest.mark.parametrize("byline", ["end", "start"])
def test_a_byline_stands_where_it_is_asked_for_and_in_that_papers_chat(byline, known):
    plan = asked(known, {"author": {"affiliation": ["unknown", "famous"]}}, papers=2, reviewers=1, byline=byline)
    stage = staged(plan, 1)
    texts = {turn.chat: stage.chat(turn).text() for turn in stage.pending()}
    famous, unknown = "a university of world renown", "a small regional university"
    shown = {label: (famous in text, unknown in text) for label, text in texts.items()}
    assert shown == {"paper-1": (True, False), "paper-2": (False, True)}  # all others are as in the reference
    before = texts["paper-1"].index("[About the author]") < texts["paper-1"].index("[Submission]")
    assert before == (byline == "start")


def test_exactly_one_paper_differs_between_arms(known):
    plan = asked(known, {"scenario": {"version": ["original", "flawed", "hidden"]}}, papers=4, reviewers=1, **SHORT)
    told = [[stage.chat(turn).text() for turn in stage.pending()] for stage in (staged(plan, arm) for arm in range(3))]
    assert len({texts[0] for texts in told}) == 3
    assert len({tuple(texts[1:]) for texts in told}) == 1


# What does not fit


def local(known, context, **options):
    fields = {"cases": 2, "vary": {}, "design": {"controls": []}}
    backend = {"name": "local", "context": context}
    return planned(config(scenario={"name": "peer_review", **options}, backend=backend, **fields), known)


def test_what_does_not_fit_an_engine_is_refused_before_the_play(known):
    with pytest.raises(
        ConfigError, match=r"the chair may be asked with up to (\d+) tokens.*backend.context=5120"
    ) as why:
        check_context(local(known, 4096, reviewers=2))
    assert "arm 'reference'" in str(why.value)
    check_context(local(known, 5120, reviewers=2))
    check_context(local(known, 4096, reviewers=1, **SHORT))
    check_context(asked(known, reviewers=8))  # scripted agents have no context


def test_the_longest_prompt_is_reckoned_with_replies_as_long_as_they_may_be(known):
    plan = local(known, 4096, reviewers=1, **SHORT)
    stages = [staged(plan, case=case) for case in range(2)]
    prompt = max(len(stage.chat(stage.pending()[0]).text()) for stage in stages)
    most = longest(plan, plan.reference)[ONE]
    assert most == pytest.approx(prompt / CHARACTERS + 2 * 256 + 100, abs=1)  # a reply, and another attempt
    talk = local(known, 4096, reviewers=2)
    assert longest(talk, talk.reference)[ONE] > most + 4 * 256  # two reviews, an answer, two who speak


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "ten"}, "scale 'ten': give its ends, such as 1-10 or 1-6, or its steps"),
        ({"scale": 5}, "scale 5: give its ends, such as 1-10 or 1-6, or its steps"),
        ({"scale": [1, "a"]}, r"scale \[1, 'a'\]: give its ends"),
        ({"scale": "10-1"}, "scale 10-1: give at least two different steps from 0 to 10"),
        ({"scale": [5, 3]}, r"scale \[5, 3\]: give at least two different steps from 0 to 10, in rising order"),
        ({"scale": "1-6", "threshold": 8}, "threshold=8 is not within scale=1-6, 1 to 6.*for 4"),
        ({"decide": "rate", "rate": 0.1, "papers": 4}, "rate=0.1 of papers=4 accepts no paper; raise scenario.rate"),
        ({"decide": "chair", "meta": False}, "decide=chair needs the chair's meta-review"),
        ({"numeric": False}, "decide=threshold needs scores.*choose scenario.decide=chair"),
        ({"reviews": False, "rebuttal": False, "rounds": 0}, "decide=threshold needs scores"),
        ({"reviews": False}, "without reviews there is nothing to check or to answer"),
        ({"desk": True, "chairing": "conformist"}, "at the desk the chair reads the papers"),
        (
            {"papers": 9, "committee": 3, "load": 2},
            "3 reviews of each of 9 papers cannot be had from 3 reviewers with at",
        ),
        ({"papers": 3, "conflicts": 1}, "with at most 3 papers and 1 conflicts each; raise scenario.committee"),
        ({"reviewers": 9}, "reviewers: Input should be less than or equal to 8"),
        ({"papers": 51}, "papers: Input should be less than or equal to 50"),
        ({"rate": 0}, "rate: Input should be greater than 0"),
        ({"version": "best"}, "version: Input should be 'original', 'flawed'"),
        ({"data": "/nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_way_out(options, message, known):
    with pytest.raises(ConfigError, match=message):
        asked(known, **options)


@pytest.mark.parametrize(
    ("vary", "options", "message"),
    [
        (
            {"author_2": {"affiliation": ["unknown", "famous"]}},
            {"papers": 9, "decide": "rate"},
            "vary.author_2.affiliation: at a fixed rate one paper is accepted in the place of another.*vary.author",
        ),
        (
            {"scenario": {"scale": ["1-6", "1-10"]}},
            {},
            "vary.scenario.scale: scores on different scales are not compared",
        ),
        ({"scenario": {"papers": ["1", "9"]}}, {}, "vary.scenario.papers: arms share venues"),
        ({"scenario": {"numeric": ["true", "false"]}}, {}, "vary.scenario.numeric: without scores there is nothing"),
        (
            {"scenario": {"hiding": ["white_text", "footnote"]}},
            {},
            "vary.scenario.hiding: with scenario.version=original it changes nothing; set scenario.version=hidden",
        ),
        ({"scenario": {"rate": ["0.3", "0.5"]}}, {"papers": 9}, "vary.scenario.rate: .* set scenario.decide=rate"),
        ({"scenario": {"threshold": ["5", "6"]}}, {"decide": "chair"}, "set scenario.decide=threshold"),
        ({"scenario": {"byline": ["end", "start"]}}, {"blind": "double"}, "set scenario.blind=single"),
        (
            {"scenario": {"chairing": ["inclusive", "authoritarian"]}},
            {"meta": False},
            "vary.scenario.chairing: there is no chair: leave out scenario.meta=false",
        ),
        (
            {"reviewer": {"bias": ["none", "prestige"]}},
            {},
            "bias 'prestige' is about a group on axis 'affiliation'.*set roles.reviewer.target=LEVEL",
        ),
        (
            {"reviewer": {"aware": [0, 1]}, "author": {"affiliation": ["unknown", "famous"]}},
            {"blind": "double"},
            "vary.reviewer.aware: under scenario.blind=double no reviewer is told.*choose scenario.blind=single",
        ),
        (
            {"reviewer": {"aware": [0, 4]}},
            {},
            "vary.reviewer.aware: 4 of 3: give how many of reviewer_1.* know who the",
        ),
        (
            {"reviewer": {"aware": [0, 3]}},
            {},
            "nobody has a persona that the reviewer could be told of; set roles.author",
        ),
        ({"chair": {"aware": [0, 1]}}, {}, "no thing to vary of the chair 'aware'"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_way_out(vary, options, message, known):
    with pytest.raises(ConfigError, match=message):
        asked(known, vary, **options)


@pytest.mark.parametrize(
    ("vary", "options"),
    [
        ({"hiding": ["white_text", "footnote"], "version": ["original", "hidden"]}, {}),
        ({"hiding": ["white_text", "footnote"]}, {"version": "hidden"}),
        ({"chairing": ["inclusive", "authoritarian"]}, {"meta": False, "desk": True}),
    ],
)
def test_what_matters_with_the_others_as_they_are_may_be_varied(vary, options, known):
    assert len(asked(known, {"scenario": vary}, **options).arms) == np.prod([len(each) for each in vary.values()])


def test_all_authors_may_be_varied_where_scores_are_compared(known):
    levels = {"affiliation": ["unknown", "famous"]}
    plan = asked(known, {"author": levels, "author_2": levels}, papers=2, reviewers=1, **SHORT)
    assert len(plan.arms) == 4


def test_papers_of_others_play_and_what_is_none_is_named(known, tmp_path):
    rows = [
        {"id": "a", "title": "Bees", "abstract": "We count bees and hedges."},
        {"id": "b", "title": "Buses", "abstract": "We compare tickets."},
        {"id": "a", "title": "Again", "abstract": "The same id."},
        {"id": "c", "title": "Nothing", "abstract": ""},
    ]
    file = tmp_path / "papers.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    plan = asked(known, data=str(file), papers=2, reviewers=1, cases=None, **SHORT)
    assert sorted(plan.cases) == ["a", "b"]
    assert [fault.line for fault in plan.faults] == [3, 4]
    found = outcomes(plan, by(scores("4")))["reference"]
    assert [(each.score, each.sound, each.flaws_named) for each in found] == [(4, None, None)] * 2
    with pytest.raises(ConfigError, match=r"scenario.papers=3: papers of other studies than [ab]: 1; give at most"):
        asked(known, data=str(file), papers=3)
    with pytest.raises(ConfigError, match=r"paper '[ab]' is none of ours, and scenario.version=flawed must know"):
        asked(known, {"scenario": {"version": ["original", "flawed"]}}, data=str(file), cases=None)
    hidden = asked(known, {"scenario": {"version": ["original", "hidden"]}}, data=str(file), cases=None)
    assert "Note to the language model" in staged(hidden, 1).chat(staged(hidden, 1).pending()[0]).text()
    with pytest.raises(ValueError, match="papers of one id: a; give each its own"):
        venues([Paper(id="a", title="t", text="x")] * 2, {}, 1, 0)


def test_lengthened_replies_are_heard_at_their_length(known):
    stage = staged(asked(known, reviewers=2))
    for turn in stage.pending():
        said = Reply.of(Answer(text=signed(turn, stage.chat(turn))), turn.kinds())
        long = lengthened(said, 800)
        assert len(long.text) == pytest.approx(800, abs=10)
        assert len(long.spoken()) > 600
