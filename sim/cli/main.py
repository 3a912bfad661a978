"""The command: `simrun scenario=clinic ...` plays a run, the first word may be a subcommand."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simrun import __version__

if TYPE_CHECKING:
    from simrun.report.run import Run

DONE, UNEXPECTED, USAGE, ERRORS, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: complete; a fault of ours; usage, config or digest; finished with trials in error; interrupted after a clean flush."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    given = [argument for argument in given if argument != "--json"]
    sys.exit(guarded(lambda: _routed(given, as_json)))


def _routed(given: list[str], as_json: bool) -> int:
    if given and given[0] in COMMANDS:
        return COMMANDS[given[0]](given[1:], as_json)
    if given in (["--version"], ["-V"]):
        print(f"simrun {__version__}")
        return DONE
    if given and "=" not in given[0] and not given[0].startswith("-"):
        return _usage(
            f"no command {given[0]!r}; there are: {', '.join(COMMANDS)}; a run is started by key=value, for example scenario=clinic"
        )
    return _play(given or ["--help"], as_json)


def guarded(command: Callable[[], int]) -> int:
    """Run a command; every expected failure becomes one clear line and its exit code."""
    from simrun.agents.backends.base import BackendError
    from simrun.config.errors import ConfigError
    from simrun.log.chain import LogError

    try:
        return command()
    except (ConfigError, LogError, BackendError) as error:
        return _usage(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `simrun show last | head` is no fault
        return DONE


def _usage(message: str) -> int:
    print(f"simrun: {message}", file=sys.stderr)
    return USAGE


def _play(overrides: list[str], as_json: bool) -> int:
    """Hand over to Hydra, which composes one config, or several for a sweep, and calls back with each."""
    import hydra

    from simrun.config.composition import completed, register

    register()
    codes: list[int] = []

    @hydra.main(config_path="pkg://simrun.configs", config_name="config", version_base="1.3")
    def job(composed: Any) -> None:
        codes.append(guarded(lambda: _one(composed, as_json)))
        if codes[-1] == INTERRUPTED:
            raise KeyboardInterrupt  # the rest of a sweep too

    sys.argv = ["simrun", *completed(overrides)]
    try:
        job()
    except SystemExit as stop:
        # our own job never exits: Hydra did, because it could not compose what was asked for
        if stop.code and not codes:
            return USAGE
    return max(codes, default=DONE)


def _one(composed: Any, as_json: bool) -> int:
    from simrun.cli.terminal import Progress
    from simrun.config.composition import composed as read
    from simrun.config.menus import catalogue
    from simrun.report.run import start

    config, folders = read(composed)
    return _ended(start(config, catalogue(folders), Progress()), as_json)


def _ended(run: "Run", as_json: bool) -> int:
    from simrun.cli.terminal import say, show_report
    from simrun.report.record import Summary

    report = run.report()
    if as_json:
        told = {name: value for name, value in report.model_dump(mode="json").items() if name in Summary.model_fields}
        print(json.dumps(told | {"run": str(run.path)}))
    else:
        show_report(report)
    say(f"report {run.path / 'report' / 'report.md'}")
    if not run.complete:
        say(
            f"{report.design['owed'] - report.design['done']} of {report.design['owed']} episodes are owed; go on with: simrun resume {run.path}"
        )
    if run.stopped and run.stopped != "interrupted":
        say(f"stopped early: {run.stopped}")
    return DONE if run.complete else INTERRUPTED if run.stopped == "interrupted" else ERRORS


def _options(given: Sequence[str], usage: str, most: int) -> tuple[list[str], dict[str, str]]:
    """Positional arguments and key=value options of a subcommand; ConfigError with its usage otherwise."""
    from simrun.config.errors import ConfigError

    options = dict(argument.split("=", 1) for argument in given if "=" in argument)
    words = [argument for argument in given if "=" not in argument]
    if len(words) > most or any(word.startswith("-") for word in words):
        raise ConfigError(f"usage: simrun {usage}")
    foreign = [key for key in options if f"{key}=" not in usage]
    if foreign:
        raise ConfigError(f"{', '.join(foreign)}: a run keeps the config that it began with; usage: simrun {usage}")
    return words, options


def _found(words: Sequence[str], options: dict[str, str]) -> Path:
    from simrun.log.manifest import find

    return find(words[0] if words else "last", options.get("out", "runs"))


def _show(given: Sequence[str], as_json: bool) -> int:
    """A transcript, the list of episodes, the words that differ between arms, or how much of the prompts came from a cache."""
    from simrun.cli.terminal import show_episodes, show_reuse, show_transcript, show_words
    from simrun.config.errors import unknown
    from simrun.play.prompts import reuse
    from simrun.report.run import load
    from simrun.report.vocabulary import vocabularies

    views = ("--prompts", "--words")
    words, options = _options(
        [word for word in given if word not in views], "show RUN [EPISODE | --prompts | --words] [out=DIR]", 2
    )
    run = load(_found(words, options))
    if "--words" in given:
        said = vocabularies(run.manifests[0], run.episodes, run.turns)
        if as_json:
            print(json.dumps([each.model_dump() for each in said]))
        else:
            show_words(said)
        return DONE
    if "--prompts" in given:
        found = reuse(run.path, run.manifests[0].plan())
        if as_json:
            print(json.dumps([each.model_dump() for each in found]))
        else:
            show_reuse(found)
        return DONE
    if len(words) < 2:
        show_episodes(run)
        return DONE
    trials = [trial for trial in run.episodes.sort_values("at", kind="stable")["trial"] if trial.startswith(words[1])]
    if words[1].isdigit() and not trials and int(words[1]) < len(run.episodes):
        trials = [run.episodes.sort_values("at", kind="stable")["trial"].iloc[int(words[1])]]
    if len(trials) != 1:
        raise unknown("episode", words[1], list(run.episodes["trial"][:12]))
    show_transcript(run, trials[0])
    return DONE


def _report(given: Sequence[str], as_json: bool) -> int:
    """The report of a run, computed anew."""
    from simrun.report.run import rebuild

    words, options = _options(given, "report RUN [out=DIR]", 1)
    run, _ = rebuild(_found(words, options))
    _ended(run, as_json)
    return DONE


def _resume(given: Sequence[str], as_json: bool) -> int:
    """Go on with a run."""
    from simrun.cli.terminal import Progress
    from simrun.config.errors import ConfigError
    from simrun.report.run import resume

    words, options = _options(given, "resume RUN [concurrency=N] [out=DIR]", 1)
    most = options.get("concurrency", "")
    if most and not (most.isdigit() and int(most)):
        raise ConfigError(f"concurrency={most}: give a number of episodes in flight, at least 1")
    return _ended(resume(_found(words, options), Progress(), int(most) if most else None), as_json)


def _replay(given: Sequence[str], as_json: bool) -> int:
    """Play a run again from its log; exit code 2 when it does not come out the same."""
    from simrun.config.errors import ConfigError
    from simrun.report.run import rebuild

    words, options = _options(given, "replay RUN [out=DIR]", 1)
    run, same = rebuild(_found(words, options))
    if same is False:
        raise ConfigError(
            f"the outcomes of {run.path} are reproduced, but its report was not: the report's code or packages have changed since"
        )
    count = int((run.episodes.state == "done").sum())
    told = {
        "run": str(run.path),
        "episodes": count,
        "calls": len(run.calls),
        "report": "identical" if same else "written",
    }
    print(
        json.dumps(told)
        if as_json
        else f"{count} episodes and {len(run.calls)} calls replayed: outcomes identical, report {told['report']} ({run.path})"
    )
    return DONE


def _compare(given: Sequence[str], as_json: bool) -> int:
    """Several runs side by side, on the pairs that they share."""
    from simrun.report.compare import compare, compared
    from simrun.report.run import load

    words, options = _options(given, "compare RUN RUN [RUN ...] [out=DIR]", len(given))
    comparison = compare([load(word, out=options.get("out", "runs")) for word in words])
    print(comparison.model_dump_json() if as_json else compared(comparison))
    return DONE


def _list(given: Sequence[str], as_json: bool) -> int:
    """What there is to choose from."""
    from simrun.cli.menus import MENUS, menu
    from simrun.config.errors import unknown

    words, options = _options(given, f"list [{'|'.join(MENUS)}] [config_dir=DIR]", 1)
    if words and words[0] not in MENUS:
        raise unknown("list", words[0], MENUS)
    told = {name: menu(name, options.get("config_dir")) for name in (words or MENUS)}
    if as_json:
        print(json.dumps(told))
        return DONE
    for name, entries in told.items():
        print(f"{name}:" if not words else "", end="\n" if not words else "")
        width = max(map(len, entries), default=0)
        for entry, about in entries.items():
            print(f"{'' if words else '  '}{entry:{width}}  {about}")
    return DONE


def _plan(given: Sequence[str], as_json: bool) -> int:
    """How many cases and repeats an audit needs, and what a budget can find."""
    from simrun.report.pilot import Ask, planned, told

    _options(
        [word for word in given if "=" not in word],
        "plan target=DIFFERENCE [power=0.8] [pilot=RUN] [repeats=1,2,3,5] [tokens=BUDGET]",
        0,
    )
    plan = planned(Ask.of(dict(word.split("=", 1) for word in given if "=" in word)))
    print(plan.model_dump_json() if as_json else told(plan))
    return DONE


def _person(given: Sequence[str], as_json: bool) -> int:
    """A person in one seat of one case."""
    from simrun.cli.play import played

    return DONE if played(given).complete else ERRORS


def _doctor(given: Sequence[str], as_json: bool) -> int:
    """What can run on this machine, and why not the rest."""
    from simrun.cli.menus import examined

    _options(given, "doctor", 0)
    told = examined()
    if as_json:
        print(json.dumps(told))
    else:
        for name, finding in told.items():
            print(f"{name:10} {finding}")
    return DONE


def _treatments(given: Sequence[str], as_json: bool) -> int:
    """Whether only the declared words differ: in a file of treated CVs, or in the arms of a run. Whatever it finds is no failure."""
    from simrun.cli.menus import treated, treated_plan
    from simrun.config.composition import compose
    from simrun.config.errors import ConfigError
    from simrun.config.menus import catalogue
    from simrun.log.manifest import Manifest
    from simrun.plan.design import Plan
    from simrun.plan.treatment import audited
    from simrun.score.compared import compared

    words, folder = [word for word in given if "=" not in word], None
    if "--config-dir" in words and (at := words.index("--config-dir")) + 1 < len(words):
        folder = words.pop(at + 1)
        words.pop(at)
    asked = [word for word in given if "=" in word]
    if bool(asked) == bool(words) or len(words) > 1 or any(word.startswith("-") for word in words):
        raise ConfigError(
            "usage: simrun treatments FILE.jsonl, or simrun treatments scenario=NAME [key=value ...] [--config-dir DIR], as for a run"
        )
    if words:
        told, text = treated(words[0])
        print(json.dumps(told) if as_json else text)
        return DONE
    config, folders = compose(asked, {}, folder)
    plan = Plan(config, catalogue(folders))
    found = audited(plan, compared(Manifest.of(plan, 0)))
    print(found.model_dump_json() if as_json else treated_plan(found))
    return DONE


COMMANDS: dict[str, Callable[[Sequence[str], bool], int]] = {
    "list": _list,
    "show": _show,
    "report": _report,
    "resume": _resume,
    "replay": _replay,
    "compare": _compare,
    "plan": _plan,
    "play": _person,
    "treatments": _treatments,
    "doctor": _doctor,
}
