"""What is typed wrongly is one line: the thing, the closest name, the way out."""

import pytest

from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.mistakes import check_typed

CLINIC = ("scenario=clinic", "backend=scripted", "cases=2")


def refused(*typed: str) -> str:
    with pytest.raises(ConfigError) as raised:
        compose([*CLINIC, *typed], {})
    assert "\n" not in str(raised.value)
    assert "hydra" not in str(raised.value).lower()
    return str(raised.value)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("scenario=clinc", "no scenario 'clinc'; did you mean 'clinic'? There are: clinic, dialogue"),
        ("backend=lcal", "no backend 'lcal'; did you mean 'local'?"),
        ("experiment=frist", "no experiment 'frist'; did you mean 'first'?"),
        ("caes=4", "no option 'caes'; did you mean 'cases'?"),
        ("~caes", "no option 'caes'; did you mean 'cases'?"),
        ("design.crss=full", "no option of design 'crss'; did you mean 'cross'?"),
        ("design.cross=ful", "or 'blocks'; did you mean 'full'?, got 'ful'"),
        ("render.singl=true", "no option of render 'singl'; did you mean 'single'?"),
        ("scenario.question=3", "did you mean 'questions'?"),
        ("questions=3", "no option 'questions'; did you mean scenario.questions?"),
        ("half_width=3", "no option 'half_width'. There are: scenario, backend"),
        ("design.margin.solved=1", "design.margin takes its value whole; write design.margin={solved: VALUE}"),
        ("cases=[a", "cases=[a: '[' is not closed; end the value with ']', and quote it for the shell"),
        ("vary.patient.gender=[woman,man", "vary.patient.gender=[woman,man: '[' is not closed"),
        ("vary={a", "'{' is not closed; end the value with '}'"),
        ("cases=a]", "']' closes nothing; begin with '['"),
        ("cases='a", "a quotation mark is not closed"),
        ("+cases=4", "+cases: there is cases already; write cases=VALUE"),
        ("cases", "'cases' has no value; write cases=VALUE"),
        ("seed=1,2", "seed=1,2 is several values: a list is seed=[1,2], a run of each is simrun -m ..."),
    ],
)
def test_what_is_wrong_is_named_with_what_would_do(typed, message):
    assert message in refused(typed)


def test_the_same_from_python():
    with pytest.raises(ConfigError, match="no option of design 'crss'; did you mean 'cross'"):
        compose(CLINIC, {"design": {"crss": "full"}})


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["a=1", "--nosense"], "no flag '--nosense'; did you mean '--nonsense'?"),
        (["=4"], "'=4' has no key; write KEY=4"),
    ],
)
def test_flags_and_values_alone(typed, message):
    with pytest.raises(ConfigError) as raised:
        check_typed(typed, ["--nonsense"])
    assert message in str(raised.value)


def test_what_is_typed_well_passes():
    check_typed(["-m", "--config-dir", "-odd-name", "--cfg=job", "a=--b"], ["-m", "--config-dir", "--cfg"])


def test_a_folder_that_cannot_be_made_is_named(command, tmp_path):
    (tmp_path / "file").write_text("")
    code, out, told = command(*CLINIC, f"out={tmp_path / 'file'}")
    assert (code, out, told.count("\n")) == (2, "", 1)
    assert f"out={tmp_path / 'file'}: cannot make the folder" in told
    assert "Not a directory; give a folder that you may write in" in told
