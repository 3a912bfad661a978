"""Hydra: its nodes are made from the fields of our classes, and what users type is completed before it sees it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_module
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from simrun.config.errors import ConfigError
from simrun.config.judging import panel, sampled
from simrun.config.menus import backend, backends, modes, options, scenario, scenarios
from simrun.config.mistakes import FAULTS, mistaken
from simrun.config.options import Config
from simrun.scenarios.base import Scenario

GROUPS = ("scenario", "backend", "experiment", "suite")
_FREE = re.compile(r"^(vary|roles|scenario|backend|judge|launch)\.")
"""Hydra wants a sign before a key that is not in the config yet. Users need not know; a key that does not exist is
refused by the class whose field it should be, which can say what fields there are."""
_ENTRY = re.compile(r"^(scenario(?:\.\w+){2,})=([^'\"{\[].*)$")
"""An entry of a scenario's table, such as `scenario.columns.text=CV (full)`: its value is a word, whatever is in it."""
_JUDGES = re.compile(r"^judge=(.*)$")
_LAUNCH = re.compile(r"^launch=(\w+)$")
_SHORT = re.compile(r"^(url|model)=")
"""Options of the backend that are common enough to be written without their group."""
_MODE = re.compile(r"^\W*scenario\.mode=\W*(.*?)\W*$")
_ELSEWHERE = re.compile(r"^(\W*(?:experiment|suite)=|--config-name|-cn)")
"""Where a mode may be chosen in a file, which is read only when all is composed."""


def register(asked: Iterable[str] = (), folder: str | Path | None = None) -> None:
    """Tell Hydra of every scenario, backend and run option, with the defaults that their fields have.

    `asked` is what the user says: it may name classes of their own, itself or in an experiment of theirs in
    `folder`, and a mode, whose options are then the scenario's. ConfigError for a class that cannot be used.
    """
    asked, store = list(asked), ConfigStore.instance()
    base = {name: value for name, value in _plain(options(Config)).items() if name not in GROUPS}
    store.store(name="base", node=base)
    said = "\n".join([*asked, *_experiments(asked, folder)])
    for name in (*scenarios(), *_references("scenario", said)):
        store.store(group="scenario", name=name, node={"name": name, **_offered(scenario(name), asked)})
    for name in (*backends(), *_references("backend", said)):
        store.store(group="backend", name=name, node={"name": name, **_plain(options(backend(name)))})


def _offered(kind: type[Scenario], asked: Sequence[str]) -> dict[str, Any]:
    """The options of the class that will be played; where its mode is not known yet, or there are several, those of
    all its modes."""
    known = modes(kind)
    if not known:
        return _plain(options(kind))
    said = [found[1] for each in asked if (found := _MODE.match(each))]
    elsewhere = any(_ELSEWHERE.match(each) for each in asked)
    mode = said[-1] if said else "" if elsewhere else kind.default_mode
    return {"mode": kind.default_mode, **_plain(options(known.get(mode, kind)))}


def _references(group: str, said: str) -> list[str]:
    """The `package.module:Class` that are chosen for a group, on the command line (several, in a sweep) or in an
    experiment."""
    found = re.findall(rf"^\W*(?:override\s+/)?{group}(?:=|:\s+)(.*)$", said, re.MULTILINE)
    return [each for chosen in found for each in re.findall(r"[\w.]+:\w+", chosen)]


def _experiments(asked: Sequence[str], folder: str | Path | None) -> Iterator[str]:
    """The text of the user's own experiments that are asked for."""
    roots = [folder] if folder else []
    roots += [after for each, after in pairwise(asked) if each in ("--config-dir", "-cd")]
    roots += [each.partition("=")[2] for each in asked if each.startswith("--config-dir=")]
    for each in asked:
        for name in re.findall(r"\w+", each.partition("=")[2]) if re.match(r"\W*experiment=", each) else ():
            files = (Path(root) / "experiment" / f"{name}.yaml" for root in roots)
            yield from (file.read_text(encoding="utf-8") for file in files if file.is_file())


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Hydra can hold them; a field without a default is `???`, which Hydra calls missing."""
    plain = {}
    for name, value in values.items():
        dumped = (
            value.model_dump(mode="json")
            if hasattr(value, "model_dump")
            else list(value)
            if isinstance(value, tuple)
            else value
        )
        plain[name] = "???" if repr(value) == "PydanticUndefined" else dumped
    return plain


def completed(arguments: Iterable[str]) -> list[str]:
    """Arguments as Hydra wants them: keys below a group may be new, `url` and `model`
    belong to the backend, words are quoted."""
    arguments = (_LAUNCH.sub(r"launch.name=\1", _JUDGES.sub(_panel, each)) for each in arguments)
    worded = (_ENTRY.sub(lambda found: f"{found[1]}={_quoted(found[2])}", each) for each in arguments)
    return [
        f"++{each}" if _FREE.match(each) else f"++backend.{each}" if _SHORT.match(each) else each for each in worded
    ]


def _panel(found: re.Match[str]) -> str:
    """`judge=NAME` as its list of names, beside which its options have room."""
    named = found[1].strip()
    return f"judge.names={'[]' if named in ('', 'null') else named if named.startswith('[') else f'[{named}]'}"


def changed(config: Config, overrides: Sequence[str], options: Mapping[str, Any], able: Sequence[str]) -> Config:
    """A run's config with some of its options given anew; ConfigError for an option that is not among `able`."""
    given = [_JUDGES.sub(_panel, each) for each in overrides]
    given = [f"backend.{each}" if _SHORT.match(each) else each for each in given]
    try:
        asked = OmegaConf.merge(OmegaConf.from_dotlist(given), _plainly(options))
        if wrong := [str(key) for key in asked if key not in able]:
            raise ConfigError(f"{wrong[0]}: what was played stays as it is; only {', '.join(able)} can be given here")
        before = config.model_dump(mode="json", exclude={"judge"})  # who judged before judges no more
        told = _container(asked)
        # what the run says stays as it is: a ${...} in it would be filled in from this machine
        return Config.of(_over(before, told), config.gate.also(_named(told)))
    except OmegaConfBaseException as error:
        raise ConfigError(str(error)) from None


def _over(before: Any, given: Any) -> Any:
    """What is given, and what was there before where nothing is."""
    if not (isinstance(before, Mapping) and isinstance(given, Mapping)):
        return given
    return {**before, **{key: _over(before.get(key), value) for key, value in given.items()}}


def _named(told: Any) -> Iterator[str]:
    """Every word that is given."""
    if isinstance(told, Mapping | list | tuple):
        for each in told.values() if isinstance(told, Mapping) else told:
            yield from _named(each)
    elif isinstance(told, str):
        yield told


def _plainly(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options from Python with `judge` as the mapping that it is in a config."""
    return {**options, "judge": panel(options["judge"])} if "judge" in options else dict(options)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "\\'") + "'"


def compose(
    overrides: Sequence[str], extra: Mapping[str, Any], config_dir: str | Path | None = None
) -> tuple[Config, list[Path]]:
    """The config of a run asked for from Python, and the folders to look for axes and biases in."""
    groups = [f"{key}={value}" for key, value in extra.items() if key in GROUPS and isinstance(value, str)]
    rest = {key: value for key, value in extra.items() if key not in GROUPS or not isinstance(value, str)}
    search = [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"] if config_dir else []
    given = rest.get("scenario")
    mode = [f"scenario.mode={given['mode']}"] if isinstance(given, Mapping) and "mode" in given else []
    register([*overrides, *groups, *mode], config_dir)
    try:
        with initialize_config_module("simrun.configs", version_base="1.3"):
            composed = hydra_compose("config", overrides=[*completed(overrides), *groups, *search])
        for key in rest:
            if key not in Config.model_fields:
                raise ConfigError(f"no option {key!r}; there are: {', '.join(Config.model_fields)}")
        OmegaConf.set_struct(composed, False)
        merged = OmegaConf.merge(composed, _plainly(rest))
        return Config.of(_container(merged)), [Path(config_dir)] if config_dir else []
    except FAULTS as error:
        raise mistaken(error) from None


def _container(config: Any) -> dict[str, Any]:
    plain: Any = OmegaConf.to_container(config, resolve=True)
    return sampled({str(key): value for key, value in plain.items()})


def composed(config: Any) -> tuple[Config, list[Path]]:
    """The config that `hydra.main` composed, and the folders given by --config-dir."""
    from hydra.core.hydra_config import HydraConfig

    sources = [source.path for source in HydraConfig.get().runtime.config_sources if source.schema == "file"]
    try:
        return Config.of(_container(config)), [Path(path) for path in sources]
    except OmegaConfBaseException as error:
        raise ConfigError(str(error)) from None
