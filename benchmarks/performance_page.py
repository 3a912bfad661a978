"""Runs the benchmarks of speed and writes docs/performance.md from their figures.

    python benchmarks/performance_page.py FOLDER [--run NAME ...] [--small] [--note TEXT]

FOLDER keeps what each benchmark printed, as NAME.json. Without --run those are measured that are not in it yet; `--run
growth` measures one again, `--run` with no names measures nothing and only writes the page.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
SECTIONS = {
    "overhead": (
        "What a call costs the client",
        "CPU of the client's process for a model call, milliseconds, the least over rounds (other processes on the "
        "machine can only add): a dialogue of "
        "doctor and patient, 42 calls an episode, 64 in flight, from config to log, with every prompt "
        "hashed, every seed derived and every "
        "reply read, checked and logged; sealing and report apart. `in_process`: the scripted backend answers at "
        "once. `short_consultation`: the "
        "same with 7 calls an episode, so that casting an episode shows. `ten_calls_in_the_clinic`, "
        "`ten_calls_of_dialogue`, `ten_calls_of_peer_review`: scenarios with 10; a dialogue without a judge also reads "
        "each reply by its words (`reading_by_words_ms`), and a prompt of a review holds a paper. `over_http`: a server in another process. The "
        "other clients send the same requests "
        "and read the answers' text; they keep no records and play nothing.",
    ),
    "occupancy": (
        "How much of the engine is in use",
        "An engine of 256 slots, simulated in process and in real time. `share`: slots in use, of those that the "
        "episodes in flight can fill, from the "
        "moment when all have begun until the last one begins; `share_of_engine`: of all 256; `tail_share`: after "
        "that, when nothing is left to fill free places with. "
        "`barrier` waits for all replies of a round before it asks for the next, and fills free places between rounds; "
        "`sequential` plays one episode after "
        "the other.",
    ),
    "routing": (
        "Where calls go when there are several replicas",
        "A simulated fleet of four replicas with a prefix cache each, and the router as it is. `makespan`: simulated "
        "seconds until the last answer; "
        "`hit`: share of prompt tokens that were cached. `header`: by the header that `backend.session_header` names. "
        "Last a real run over HTTP, on four servers that count what they have read before; `busiest`: how many times "
        "its share of the prompt tokens the busiest of them read ([servers.md](servers.md#several-servers)).",
    ),
    "growth": (
        "Whether a run may grow",
        "Each size in a process of its own, agents that follow rules, four calls an episode. CPU milliseconds an "
        "episode before (plan, manifest), while playing, and after "
        "(tables and report); greatest memory of the process, MB: with everything imported, "
        "until playing ended, until the end.",
    ),
    "gathering": (
        "How far a run can be planned, merged and scored",
        "Played by shares, each with a chain of its own; then, each in a process of its own and on one core, planned "
        "(all trials listed and written), merged (all chains read and proven, every episode played again from its "
        "answers, the tables written) and scored (figures, report, page). CPU milliseconds and kB on the disk an "
        "episode, greatest memory of the process, MB. Ten million are extrapolated from the last two sizes.",
    ),
    "fleet": (
        "How near a fleet comes to as many times one GPU",
        "A simulation by events: a real plan's blocks and shares, engines of 256 sequences whose step of 23.1 ms was "
        "measured on one H200 with a model of 135M, four GPUs a node, one worker a node. `of_linear`: the time with "
        "all slots always in use over the time that it took. `tail_cost`: slot-seconds that stood idle after the first "
        "slot fell idle, of all; `tail_idle`: of those after that moment. `equal`: one share a worker; `leased`: block "
        "by block to whoever is free; `tasks`: eight shares a worker, one after the other. `start`: seconds to load an "
        "engine. `orders`: what knowing the length of episodes would save, of the time of one GPU that plays 2,048.",
    ),
    "prefix": (
        "How much of a prompt the engine knows already",
        "Real vLLM and the embedded llama.cpp, both on the CPU with a real 135M model: the share of prompt tokens that "
        "came from the cache, of the most "
        "that could have, from the second turn on; and how many tokens were read anew by a layout that renders the "
        "dialogue into one string with a counter at "
        "its top, over those that our layout needs for the same dialogues. On one H200, with the model in bfloat16 and "
        "vLLM alone, the same shares were 91.2 % of 91.2 %, and 8.7 times fewer were read "
        "([gpu.md](gpu.md#what-ran-on-a-gpu)).",
    ),
    "roof": (
        "How near the runner comes to what the engine can do",
        "Real vLLM on the CPU: output tokens per second of a clinic run, over those of offline generation "
        "(`LLM.generate`) of the same prompts and lengths, "
        "handed over all at once. A ratio of 1 means that nothing is lost by playing; a little above 1 is noise "
        "between two runs of five minutes. On one H200, where the 135M model's steps take next to no time, the ratio "
        "was 0.31 ([gpu.md](gpu.md#what-ran-on-a-gpu) says what was found and changed; not measured again).",
    ),
}
INTRO = """# Performance

Written by `python benchmarks/performance_page.py FOLDER`, which runs what follows and keeps the figures as JSON. Ratios are between things measured in the
same minutes on the same machine; a figure in seconds is worth as much as that machine. `--small` of each benchmark takes under a minute.
"""


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table; columns as the rows bring them."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *([shown(row.get(column)) for column in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def shown(value: Any) -> str:
    """A figure, as short as it may be."""
    if value is None:
        return ""
    return (
        f"{value:,.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:,.0f}"
        if isinstance(value, int | float)
        else str(value)
    )


def flat(figures: Mapping[str, Any], under: str = "") -> list[dict[str, Any]]:
    """Figures that are no rows, as rows: one for each name, one column for each of its parts;
    what is nested deeper gets rows of its own."""
    rows: list[dict[str, Any]] = []
    for name, value in figures.items():
        label = f"{under}{name}"
        if not isinstance(value, Mapping):
            rows.append({"": label, "value": value})
        elif deep := {part: each for part, each in value.items() if isinstance(each, Mapping) and "least" not in each}:
            rows += flat(deep, f"{label}: ") + flat(
                {part: each for part, each in value.items() if part not in deep}, f"{label}: "
            )
        else:
            rows.append({"": label, **parts(value)})
    return rows


def parts(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a figure; of one that was measured several times, the least and the median."""
    told: dict[str, Any] = {}
    for name, value in figure.items():
        told |= (
            {f"{name} {part}": value[part] for part in ("least", "median")}
            if isinstance(value, Mapping)
            else {name: value}
        )
    return told


def section(name: str, told: Mapping[str, Any] | None) -> str:
    """One benchmark: what it measures, the command, figures, goals."""
    title, about = SECTIONS[name]
    head = f"## {title}\n\n{about}\n\n`python benchmarks/{name}.py`"
    if told is None:
        return f"{head}\n\nNot measured yet."
    goals = [
        {
            "goal": goal,
            "wanted": each["goal"],
            "found": each.get("value", each.get("found")),
            "": "met" if each["met"] else "**not met**",
        }
        for goal, each in told["goals"].items()
    ]
    rest = {key: value for key, value in told["figures"].items() if key != "rows"}
    tables = [table(each) for each in (told["figures"].get("rows"), flat(rest), goals) if each]
    machine = (
        f"{told.get('machine', 'machine not told')}; {told.get('seconds', 0):.0f} "
        f"s{', --small' * bool(told.get('small'))}"
    )
    return "\n\n".join([f"{head} ({machine})", *tables])


def main() -> None:
    """Measure what is asked for or missing, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", nargs="*", choices=SECTIONS, help="measure these, again where there are figures")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--note", default="", help="what a reader must know of these figures; stands at the top")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in SECTIONS if (HERE / f"{name}.py").is_file()]
    for name in (
        given.run
        if given.run is not None
        else [name for name in there if not (given.folder / f"{name}.json").is_file()]
    ):
        command = [sys.executable, HERE / f"{name}.py", "--json", *["--small"] * given.small]
        printed = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout  # 1 when a goal is not met
        (given.folder / f"{name}.json").write_text(json.dumps(json.loads(printed), indent=2) + "\n", encoding="utf-8")
    files = {name: given.folder / f"{name}.json" for name in SECTIONS}
    told = {name: json.loads(file.read_bytes()) if file.is_file() else None for name, file in files.items()}
    PAGE.write_text(
        "\n\n".join([*filter(None, (INTRO.strip(), given.note)), *(section(name, told[name]) for name in SECTIONS)])
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
