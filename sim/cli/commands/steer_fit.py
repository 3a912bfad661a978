"""`simrun steer fit`: a direction in a model's activations, made of pairs of prompts."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simrun.cli.command import DONE, Command, Mine, Overrides, Value, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.agents.backends.transformers import Transformers
    from simrun.agents.steering import Fitted
    from simrun.plan.design import Plan


class SteerFit(Command):
    """Make a steering vector of one thing that is varied at two levels: what they change in a model's activations.

    The prompts are those of a run with these options, and nothing is played: `simrun steer fit race.safetensors
    scenario=clinic scenario.mode=vignette 'vary.patient.ethnicity=[White,Black]'`. What is done with the file:
    docs/steering.md.
    """

    name, daily = "steer_fit", False
    reads = ("experiment", "scenario", "backend", "model", "roles", "vary", "outcomes", "cases", "seed")
    file: Annotated[Path, Word("FILE.safetensors")]
    """The file that is written: the vector of every layer, and what they are."""
    pairs: Annotated[int, Value("N"), Field(ge=1)] = 64
    """Cases, each told both ways: from the end of the order in which a run of this seed draws them. Half of them are
    averaged, the others held out. Not with cases=[ID,...], which names them."""
    role: Annotated[str, Value("ROLE")] = ""
    """Whose prompts: who speaks first when not given."""
    layer: Annotated[int | None, Value("N"), Field(ge=0)] = None
    """After which block it is added unless a run says another, the first being 0; the one in the middle when not
    given. The file has all of them."""
    overrides: Overrides = ()
    config_dir: Mine = None

    def run(self, as_json: bool) -> int:
        """ConfigError for what cannot be made into pairs, BackendError for a model that cannot be opened."""
        from simrun.stage.drive import anywhere

        if self.file.suffix != ".safetensors":
            raise ConfigError(f"{self.file}: vectors are kept as safetensors, and as nothing else; end it so")
        plan = self._plan()
        backend = self._backend(plan)
        about = anywhere(self._fitted(plan, backend))
        tell(json.dumps(_json(self.file, about)) if as_json else _told(self.file, about), as_json)
        return DONE

    def _plan(self) -> "Plan":
        from simrun.config.composition import compose
        from simrun.config.menus import catalogue
        from simrun.plan.design import planned

        named = any(each.lstrip("+").startswith("backend=") for each in self.overrides)
        given = (*self.overrides, *(() if named else ("backend=transformers",)), "design.controls=[]")
        config, folders = compose(given, {}, self.config_dir)
        every = config if isinstance(config.cases, tuple) else config.model_copy(update={"cases": None})
        return planned(every, catalogue(folders))

    def _backend(self, plan: "Plan") -> "Transformers":
        from simrun.agents.backends.transformers import Transformers

        backend = plan.reference.backends[self._role(plan)]
        if not isinstance(backend, Transformers):
            raise ConfigError(
                f"backend={backend.name} does not show its activations; leave backend out, or give "
                "backend=transformers model=FOLDER"
            )
        return backend

    def _role(self, plan: "Plan") -> str:
        case = next(iter(plan.cases))
        stage = plan.stage(plan.trial(case, plan.arms[0].name, 0))
        return self.role or next(turn.role for turn in stage.pending())

    async def _fitted(self, plan: "Plan", backend: "Transformers") -> "Fitted":
        from simrun.play.fitting import activations, fit, fresh, pairs, write

        cases = tuple(plan.cases) if isinstance(plan.config.cases, tuple) else fresh(plan, self.pairs)
        found = pairs(plan, cases, self._role(plan))
        await backend.open()
        try:
            made = fit(await activations(backend, found))
            return write(self.file, made, plan, cases, backend, self.layer)
        finally:
            await backend.close()


def _json(file: Path, about: "Fitted") -> dict[str, object]:
    from simrun.agents.backends.local.weights import digest

    return {"file": str(file), "sha256": digest(file), **about.model_dump()}


def _told(file: Path, about: "Fitted") -> str:
    lines = [
        f"{file}: {about.contrast}, of {about.pairs} pairs; {about.name}, {len(about.layers)} layers of {about.width}",
        f"layer {about.layer} is steered unless a run says another; on {about.held_out} pairs held out:",
        "layer  length  share of the stream's  AUC (95 %)",
    ]
    for at, each in about.layers.items():
        reach = "" if each.low is None else f" [{each.low:.2f}, {each.high:.2f}]"
        mark = " <" if at == about.layer else ""
        lines.append(f"{at:5d}  {each.norm:6.2f}  {each.norm / each.stream:21.3f}  {each.auc:.2f}{reach}{mark}")
    return "\n".join(
        (*lines, f"play it: backend=transformers backend.steer.vector={file} vary.ROLE.steer.dose=[0,1,2]")
    )
