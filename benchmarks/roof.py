"""How near a run comes to what the engine can do: tokens per second of a clinic run
on vLLM over those of offline generation.

    python benchmarks/roof.py [--json] [--small]

A run of the clinic on real vLLM in process, and then `LLM.generate` of the same prompts with the same numbers of output
tokens, all handed over at once, with the same engine options. Offline generation knows the whole dialogue beforehand
and never waits for anybody: no simulation, whose next prompt is made of the last reply, can be faster. Starting and
loading are left out of both. Offline generation holds no decision to its JSON form, which the run does: what that
costs the engine is in the ratio. Needs the environment of the marked tests: python tests/agents/vllm_venv.py. 10
minutes on two cores; --small 3 to 5, most of it for vLLM to start twice. On a GPU (vllm_here.py says how) 256
sequences, and vLLM's own choices for it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timed import PAIRS, least, main
from vllm_here import GPU, SMALL, here

CONTEXT, SEQUENCES = 2048, 256 if GPU else 8
"""Few sequences on a CPU, so that a run of a few minutes is more than its beginning and its end."""
MODEST = {"dtype": "float32", "enforce_eager": True, "max_num_batched_tokens": SEQUENCES * CONTEXT}
ENGINE = {"max_num_seqs": SEQUENCES, **({} if GPU else MODEST), **SMALL}
SIZES = (
    (("cases=null", "repeats=4"), ("cases=null", "repeats=16"))
    if GPU
    else (("cases=4", "repeats=2"), ("cases=8", "repeats=6"))
)
"""Of the small benchmark, and of the whole one."""


def simulated(model: str, small: bool, into: Path) -> None:
    """In vLLM's environment: play the run; its prompts and figures go to a file."""
    from timed import played

    from simrun.agents.backends.replay import Answers, logged_calls
    from simrun.agents.records import Chat
    from simrun.agents.reply import Reply
    from simrun.scenarios.base import Turn
    from simrun.stage.drive import driven

    options = {"name": "vllm", "model": model, "context": CONTEXT, "max_tokens": 96, "engine": ENGINE}
    asked = (*PAIRS[:-1], *SIZES[not small], "scenario.questions=4", f"concurrency={SEQUENCES}", "backend=vllm")
    run, times = played(into.parent, *asked, backend={key: value for key, value in options.items() if key != "name"})
    plan, answers, chats = run.manifests[0].plan(), Answers(logged_calls(run.path)), []

    def answered(turn: Turn, chat: Chat) -> Reply:
        answer = answers.get(chat)
        assert answer
        chats.append(
            {
                "messages": [message.model_dump(include={"role", "content"}) for message in chat.messages],
                "output": answer.output_tokens,
                "seed": chat.seed,
            }
        )
        return Reply.of(answer, turn.kinds(), chat.told)

    for trial in plan.trials():
        driven(plan.stage(trial), answered)
    samples = [json.loads(line) for line in (run.path / "pace.jsonl").read_text().splitlines()]
    told = {
        "calls": len(chats),
        "output_tokens": sum(chat["output"] for chat in chats),
        "prompt_tokens": int(run.calls.prompt_tokens.sum()),
        "cached_tokens": int(run.calls.cached_tokens.sum()),
        "seconds": round(samples[-1]["at"] - samples[0]["at"], 2),
        "mean_running": round(sum(sample.get("running", 0) for sample in samples) / len(samples), 2),
        "own_cpu_seconds": round(times.playing[0], 2),
    }
    into.write_text(json.dumps({"told": told, "chats": chats}))


def offline(model: str, given: Path, into: Path) -> None:
    """In vLLM's environment: generate all of it at once."""
    import time

    from vllm import LLM, SamplingParams

    chats = json.loads(given.read_text())["chats"]
    llm = LLM(model=model, max_model_len=CONTEXT, enable_prefix_caching=True, **ENGINE)
    tokenizer = llm.get_tokenizer()
    prompts = [
        {
            "prompt_token_ids": list(
                tokenizer.apply_chat_template(chat["messages"], add_generation_prompt=True, return_dict=False)
            )
        }
        for chat in chats
    ]
    exact = [
        SamplingParams(
            temperature=0.7,
            seed=chat["seed"],
            ignore_eos=True,
            max_tokens=chat["output"],
            min_tokens=chat["output"],
            detokenize=True,
        )
        for chat in chats
    ]
    began = time.perf_counter()
    outputs = llm.generate(prompts, exact, use_tqdm=False)
    seconds = time.perf_counter() - began
    told = {
        "output_tokens": sum(len(output.outputs[0].token_ids) for output in outputs),
        "cached_tokens": sum(output.num_cached_tokens or 0 for output in outputs),
        "seconds": round(seconds, 2),
    }
    into.write_text(json.dumps(told))


def measure(small: bool, tell: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The whole benchmark; each half in a process of vLLM's environment."""
    home = here()
    with TemporaryDirectory() as folder:
        played, generated = Path(folder) / "played.json", Path(folder) / "generated.json"
        for half, more in (("simulated", [str(small), str(played)]), ("offline", [str(played), str(generated)])):
            done = subprocess.run(
                [home.python, __file__, "--half", half, home.model, *more],
                stdout=sys.stderr,
                env=os.environ,
                check=False,
            )
            if done.returncode:
                sys.exit(f"roof: {half} failed with exit code {done.returncode}")
            tell(f"{half}: done")
        ours, theirs = json.loads(played.read_text())["told"], json.loads(generated.read_text())
    for figures in (ours, theirs):
        figures["output_tokens_per_second"] = round(figures["output_tokens"] / figures["seconds"], 1)
    ratio = ours["output_tokens_per_second"] / theirs["output_tokens_per_second"]
    return {"simulated": ours, "offline": theirs}, {"simulated_over_offline": least(ratio, 0.9)}


if __name__ == "__main__":
    if "--half" in sys.argv:
        _, _, half, model, *more = sys.argv
        if half == "simulated":
            simulated(model, more[0] == "True", Path(more[1]))
        else:
            offline(model, Path(more[0]), Path(more[1]))
    else:
        main(__doc__, measure)
