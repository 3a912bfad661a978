"""An .eval log of a run, read with nothing but the standard library: samples, scores, messages, effects."""

import json
import zipfile

import pytest

from simrun.config.errors import ConfigError
from simrun.export.conversation import spoken
from simrun.export.episodes import episodes
from simrun.export.exporter import export


def read(file):
    with zipfile.ZipFile(file) as packed:
        return {name: json.loads(packed.read(name)) for name in packed.namelist()}


@pytest.fixture(scope="module")
def told(whole, tmp_path_factory):
    return read(export(whole, "inspect", tmp_path_factory.mktemp("inspect") / "r.eval"))


def samples(told):
    return {name: each for name, each in told.items() if name.startswith("samples/")}


def test_a_log_is_packed_as_any_zip_file_and_ends_with_its_header(whole, tmp_path):
    with zipfile.ZipFile(export(whole, "inspect", tmp_path / "r.eval")) as packed:
        assert {each.compress_type for each in packed.infolist()} == {zipfile.ZIP_DEFLATED}
        assert packed.namelist()[0] == "_journal/start.json"
        assert packed.namelist()[-2:] == ["summaries.json", "header.json"]


def test_a_sample_is_an_episode_and_a_pair_has_one_name_in_its_arms(whole, told):
    own = samples(told)
    assert len(own) == len(whole.episodes) == 24
    arms = {}
    for name, each in own.items():
        assert name == f"samples/{each['id']}_epoch_{each['epoch']}.json"
        arms.setdefault(each["metadata"]["pair"], set()).add(each["metadata"]["arm"])
    assert len(arms) == 8
    assert all(len(found) == 3 for found in arms.values())


def test_scores_are_the_outcomes_and_what_is_missing_has_none(whole, told):
    table = whole.outcomes[whole.outcomes["turn"].isna() & whole.outcomes["subject"].isna()]
    numbers = table[table["value"].notna()]
    lacking = table[table["value"].isna() & table["text"].isna()]
    assert len(lacking) > 0
    by_trial = {each["metadata"]["trial"]: each for each in samples(told).values()}
    for row in numbers.itertuples():
        assert by_trial[row.trial]["scores"][row.outcome]["value"] == row.value
    for row in lacking.itertuples():
        assert row.outcome not in by_trial[row.trial]["scores"]
        assert row.outcome in by_trial[row.trial]["metadata"]["missing"]


def test_effects_stand_among_the_results_with_their_intervals(whole, told):
    results = told["header.json"]["results"]
    assert (results["total_samples"], results["completed_samples"]) == (24, 24)
    found = {each["name"]: each["metrics"] for each in results["scores"]}
    effects = [each for each in whole.scored.contrasts if each.difference is not None]
    for each in effects:
        own = found[f"{each.outcome}: {each.arm} against {each.reference}"]
        assert own["difference"]["value"] == each.difference
        ends = [own[key]["value"] if key in own else None for key in ("ci_low", "ci_high")]
        assert ends == [each.low, each.high]
        assert own["pairs"]["value"] == each.pairs
    unseen = [each for each in whole.scored.contrasts if each.difference is None]
    assert not {f"{each.outcome}: {each.arm} against {each.reference}" for each in unseen} & found.keys()


def test_messages_have_the_prompt_of_each_agent_and_every_answer(talk, tmp_path):
    told = read(export(talk, "inspect", tmp_path / "r.eval"))
    calls = dict(iter(talk.calls.groupby("trial")))
    for each in samples(told).values():
        messages = each["messages"]
        said = [one["content"] for one in messages if one["role"] == "assistant"]
        assert said == list(calls[each["metadata"]["trial"]].sort_values("at", kind="stable")["text"])
        prompts = [one["metadata"]["speaker"] for one in messages if one["role"] == "system"]
        assert sorted(prompts) == ["doctor", "observer", "patient"]


def test_what_was_heard_is_told_once(talk):
    """Nothing that a chat holds is left out, and nothing of it is told twice."""
    for each in episodes(talk):
        said = list(spoken(each.transcript))
        for asked in each.transcript.asked:
            own = [one for one in said if one.speaker == asked.chat.speaker]
            assert sum(one.asked is asked for one in own) == 1
            last = asked.chat.messages[-1].content
            before = [one.content for one in own[: [one.asked for one in own].index(asked)]]
            assert before[-1] == last


def test_option_probabilities_stand_beside_the_answer(play, tmp_path):
    run = play("scenario.mode=vignette", "outcomes=expected", "cases=2", "design.margin=0.1")
    told = read(export(run, "inspect", tmp_path / "r.eval"))
    shares = [
        message["metadata"]["option_probabilities"]
        for each in samples(told).values()
        for message in each["messages"]
        if "option_probabilities" in message["metadata"]
    ]
    assert len(shares) > 0
    assert all(sum(each.values()) == pytest.approx(1) for each in shares)


def test_what_was_not_played_is_an_error_and_not_a_wrong_answer(cut, tmp_path):
    told = read(export(cut, "inspect", tmp_path / "r.eval"))
    assert told["header.json"]["status"] == "cancelled"
    states = {each["metadata"]["state"]: each for each in samples(told).values()}
    assert set(states) == {"done", "owed"}
    assert states["owed"]["scores"] == {}
    assert "not played" in states["owed"]["error"]["message"]
    assert "error" not in states["done"]
    done = [each for each in told["summaries.json"] if each["completed"]]
    assert len(done) == told["header.json"]["results"]["completed_samples"] == (cut.episodes["state"] == "done").sum()


def test_the_digest_of_the_run_is_in_it(whole, told):
    facts = told["header.json"]["eval"]["metadata"]["simrun"]
    assert (facts["digest"], facts["head"]) == (whole.manifests[0].digest, whole.manifests[0].head)


def test_one_run_at_a_time_and_a_file_is_no_folder(whole, talk, tmp_path):
    from simrun import Run

    with pytest.raises(ConfigError, match="one by one"):
        export(Run(whole.path, talk.path), "inspect", tmp_path / "r.eval")
    with pytest.raises(ConfigError, match="is a folder"):
        export(whole, "inspect", tmp_path)
    with pytest.raises(ConfigError, match="no export 'inspct'; did you mean 'inspect'"):
        export(whole, "inspct", tmp_path / "r.eval")
