"""The connections of a backend that is open: where they lead, and what one request comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urljoin

import aiohttp

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions.standing import Standing
from simrun.agents.backends.manners import Manners
from simrun.agents.backends.routing import Router

PIECE = 2**20
"""Bytes of a long body that are held at a time."""
Response = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


class Refused(BackendError):
    """Nobody listens at the address."""


@dataclass(slots=True)
class Connection:
    """What a backend has while it is open. A plain object: attributes of a pydantic model that are private are found
    forty times slower, and each call looks at a dozen."""

    bases: tuple[str, ...] = ()
    """Addresses of the replicas."""
    key: str = ""
    model: str = ""
    """The model's name there."""
    router: Router = field(default_factory=lambda: Router(1))
    manners: Manners = field(default_factory=Manners)
    standing: Standing = field(default_factory=Standing)
    loading: dict[str, tuple[float, float]] = field(default_factory=dict)
    """When a server was first found loading, and when that was last told."""
    session: aiohttp.ClientSession | None = None
    timeout: float = 120
    """Seconds for one request."""

    def open(self, bases: Sequence[str], key: str, model: str, manners: Manners, timeout: float) -> None:
        """Have a pool of connections, and know nothing yet of who is there."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        # the runner bounds what is in flight; a second bound here would only queue where no gauge sees it
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        self.session = aiohttp.ClientSession(
            headers=headers, connector=connector, timeout=aiohttp.ClientTimeout(total=timeout)
        )
        self.bases, self.key, self.model = tuple(base.rstrip("/") for base in bases), key, model
        self.router, self.manners, self.standing, self.timeout = Router(len(self.bases)), manners, Standing(), timeout

    async def close(self) -> None:
        """Close the pool."""
        if self.session is not None:
            await self.session.close()
            self.session = None

    @property
    def base(self) -> str:
        """The address, of several the first."""
        return self.bases[0] if self.bases else ""

    async def request(
        self,
        method: str,
        path: str,
        body: bytes | aiohttp.MultipartWriter | None = None,
        base: str = "",
        also: Mapping[str, str] | None = None,
        into: BinaryIO | None = None,
    ) -> Response:
        """What one request, with `also` these headers, is answered; a good answer's body goes into a file where there
        is one, and is b"" then. BackendError where nothing came, or a redirect."""
        if self.session is None:
            raise RuntimeError("a backend was asked before it was opened")
        base = base or self.base
        also = body.headers if isinstance(body, aiohttp.MultipartWriter) else also
        sent = self.session.request(method, base + path, data=body, headers=also, allow_redirects=False)
        try:
            async with sent as response:
                status, headers, raw = response.status, response.headers, b""
                if into is None or not 200 <= status < 300:
                    raw = await response.read()
                else:
                    async for piece in response.content.iter_chunked(PIECE):
                        into.write(piece)
        except TimeoutError:
            raise BackendError("timeout", f"no answer from {base} within timeout={self.timeout:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise Refused(
                "connection", f"cannot connect to {base}: {error.os_error.strerror or error.os_error}"
            ) from None
        except (aiohttp.ClientError, ConnectionError, ValueError) as error:
            # keys travel in headers only, but an error's text is not ours: mask it all the same
            raise BackendError("connection", self.clean(f"{base}: {type(error).__name__}: {error}")) from None
        if 300 <= status < 400:
            raise self._elsewhere(base, path, status, headers.get("Location", ""))
        return status, headers, raw

    def _elsewhere(self, base: str, path: str, status: int, location: str) -> BackendError:
        """A redirect is not followed, since a key would go along: it is told where it leads."""
        target = self.clean(urljoin(base + path, location)) if location else "nowhere"
        there = target.partition("?")[0].removesuffix(path)
        way = f"; if that is the server, set backend.url={there}" if location and there != base else ""
        return BackendError("request", f"{base} redirects (HTTP {status}) to {target}{way}")

    def clean(self, text: str) -> str:
        """A text that may be shown: without the key."""
        return text.replace(self.key, "***") if self.key else text
