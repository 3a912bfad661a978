"""The stock of names: how many there are, that ranks agree, and that fewer of them can be used."""

import re
from collections import Counter

import pytest
from conftest import config
from recruiting import asked, staged

from simrun.agents.names import stock
from simrun.agents.persona import Level, Persona, Trait
from simrun.config.errors import ConfigError
from simrun.plan.design import planned

ETHNICITIES = ("White", "Black", "Hispanic", "Asian", "Middle Eastern", "American Indian", "Pacific Islander")


@pytest.mark.parametrize("group", ETHNICITIES)
def test_fifty_names_for_each_gender_of_each_ethnicity(group: str, known):
    """Of one family name at a rank for women and men, and no given name twice."""
    names = stock(group)
    assert known.axis("ethnicity").level(group).names == names
    given = {gender: [each.split(" ", 1)[0] for each in listed] for gender, listed in names.items()}
    family = {gender: [each.split(" ", 1)[1] for each in listed] for gender, listed in names.items()}
    assert {len(set(each)) for each in given.values()} == {50}
    assert not set(given["woman"]) & set(given["man"])
    assert family["woman"] == family["man"]
    assert len(set(family["man"])) == 50
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+ [A-Z][A-Za-z]+", each) for listed in names.values() for each in listed)


def test_no_full_name_is_of_two_groups():
    every = [name for group in ETHNICITIES for listed in stock(group).values() for name in listed]
    assert len(set(every)) == len(every) == 700


def test_women_and_men_have_white_names_where_only_gender_is_told(known):
    axis = known.axis("gender")
    assert axis.level("woman").names == {"woman": stock("White")["woman"]}
    assert axis.level("man").names == {"man": stock("White")["man"]}
    assert axis.level("nonbinary").names == {}


def test_a_stock_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="no stock of names 'Blak'; there are: White, Black, "):
        Level(names="Blak")


def test_the_first_n_names_are_used(known):
    traits = (
        Trait(axis=known.axis("gender"), level="man"),
        Trait(axis=known.axis("ethnicity"), level="Black", surface="name"),
    )
    listed = stock("Black")["man"]
    drawn = Counter(Persona(traits=traits, draw=draw, names=4).name() for draw in range(40))
    assert drawn == dict.fromkeys(listed[:4], 10)
    assert {Persona(traits=traits, draw=draw).name() for draw in range(50)} == set(listed)
    assert Persona(traits=traits, draw=60, names=90).name() == listed[10]
    both = {Persona(traits=traits[1:], draw=draw, names=4).name() for draw in range(40)}
    assert both == {*stock("Black")["woman"][:2], *listed[:2]}


def test_as_many_names_are_played_as_a_run_says(known):
    persona = {"candidate": {"surface": "name", "names": 3, "persona": {"gender": "woman"}}}
    told = {"vary": {"candidate": {"ethnicity": ["White", "Black"]}}, "cases": 40, "roles": persona}
    plan = planned(config(scenario={"name": "recruitment"}, **told), known)
    for arm, group in zip(plan.arms[:2], ("White", "Black"), strict=True):
        casting = plan.castings[arm.name]
        seeds = (casting.seeds(plan.trial(name, arm.name, 0)) for name in plan.cases)
        found = {casting.name(case, each) for case, each in zip(plan.cases.values(), seeds, strict=True)}
        assert found == set(stock(group)["woman"][:3])


def test_a_rival_has_another_name_or_the_case_is_left_out(known):
    persona = {"candidate": {"persona": {"gender": "woman", "ethnicity": "Black"}}}
    cv = asked(staged(known, "rank", roles=persona), "recruiter")
    assert len({name for name in stock("Black")["woman"] if name in cv}) == 5
    few = {"candidate": {**persona["candidate"], "names": 4}}
    with pytest.raises(ConfigError, match=r"the same name: let more names be used \(roles.candidate.names\)"):
        staged(known, "rank", roles=few)
