"""Where runs are kept: a new folder for one, and those that there are, by their names."""

import time
from pathlib import Path

from simrun.config.errors import ConfigError
from simrun.config.options import Config
from simrun.log.manifest import FILE
from simrun.log.store import address
from simrun.log.store.bucket import Bucket
from simrun.log.store.bucket import runs as stored
from simrun.log.store.taking import here


def folder(config: Config, created: float, scenario: str) -> Path:
    """A new folder for a run, named by time and config digest."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created))
    base = _above(config.out, scenario) / f"{stamp}-{config.digest()}"
    path, again = base, 1
    while True:
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            again += 1
            path = base.with_name(f"{base.name}-{again}")
        except OSError as error:
            why = error.strerror or error
            raise ConfigError(
                f"out={config.out}: cannot make the folder {path}: {why}; give a folder that you may write in"
            ) from error
        else:
            return path.resolve()


def _above(out: str, scenario: str) -> Path:
    if not address.is_url(out):
        return Path(out).expanduser() / scenario
    Bucket(address.cleaned(out))  # what is missing here is said before there is a run
    return address.within(f"{address.cleaned(out)}/{scenario}")


def find(reference: str, out: str = "runs") -> Path:
    """The folder of a run: a path, a URL (what stands there is taken down), the end of its name, or `last` for the
    newest one under `out`."""
    if address.is_url(reference):
        return here(reference)
    if _is_run(Path(reference)):
        return Path(reference).resolve()
    runs = {run: run.rpartition("/")[2] for run in there(out)}
    found = list(runs)[-1:] if reference == "last" else [run for run in runs if runs[run].endswith(reference)]
    found = [run for run in found if runs[run] == reference] or found
    if len(found) == 1:
        return here(found[0]).resolve()
    names = [runs[run] for run in (found or [*runs])[-5:]]
    what = f"{len(found)} runs match" if found else "no run"
    newest = "the newest of them" if found else "the newest there are"
    where = out if address.is_url(out) else Path(out).resolve()
    raise ConfigError(
        f"{what} {reference!r} under {where}; {newest}: {', '.join(names) or 'none'}. Give a path, or out=DIR "
        "(simrun list runs)"
    )


def there(out: str) -> list[str]:
    """The runs under `out`, paths or URLs, the newest last."""
    if address.is_url(out):
        return stored(address.cleaned(out))
    found = [file.parent for file in Path(out).glob(f"*/*/{FILE}") if _is_run(file.parent)]
    return list(map(str, sorted(found, key=lambda run: (run.name[:15], (run / FILE).stat().st_mtime))))


def _is_run(path: Path) -> bool:
    try:
        return (path / FILE).is_file()
    except (OSError, ValueError):  # a name that is too long, or holds a zero byte
        return False
