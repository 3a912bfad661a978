"""A report's own files on 127.0.0.1, and nothing else."""

import re
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simrun.config.errors import ConfigError

HOST = "127.0.0.1"
_FILES = re.compile(r"/(report\.(html|md|json)|[\w-]+\.(svg|csv)|transcripts/[\d-]+\.js)")


class _Handler(SimpleHTTPRequestHandler):
    """Reads what a report is made of; no lists of folders, no other names."""

    def send_head(self) -> Any:
        """A file, or why there is none."""
        self.path = "/report.html" if self.path == "/" else self.path
        host = self.headers.get("Host", "").rpartition(":")[0]
        known = _FILES.fullmatch(self.path) and not Path(self.translate_path(self.path)).is_symlink()
        if known and host in (HOST, "localhost"):  # another site's name may be led here
            return super().send_head()
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def end_headers(self) -> None:
        """Nothing is kept: the page of a run that is playing is made anew."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Requests are of no interest."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Serving:
    """Serves a folder while it is entered; where not `asked`, nothing."""

    def __init__(self, folder: Path, port: int, asked: bool = True):
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        if asked:
            try:
                self._server = _Server((HOST, port), partial(_Handler, directory=str(folder)))
            except OSError as error:
                raise ConfigError(f"port={port}: {error.strerror or error}; give another one, or none") from None
            self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Of the page; "" where nothing is served."""
        return f"http://{HOST}:{self._server.server_port}/" if self._server else ""

    def wait(self) -> None:
        """Until Ctrl-C."""
        try:
            while self._thread and self._thread.is_alive():
                self._thread.join(3600)
        except KeyboardInterrupt:
            pass

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
