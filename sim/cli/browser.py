"""A browser with a window, where there is one."""

import os
import sys
import webbrowser

_WINDOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""What is set where a window can be opened, or where a person said by what."""


def opened(address: str) -> bool:
    """Whether a browser was told to open it. One of text alone would take the terminal, and is not asked."""
    if sys.platform not in ("darwin", "win32") and not any(map(os.environ.get, _WINDOWS)):
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
