"""The text of a PDF."""

import logging

from simrun.scenarios.files import Source
from simrun.scenarios.peer_review.papers import Paper

LEAST = 200
"""Characters without which a PDF is a scan and not a text."""
LONGEST = 200
"""Characters of a title."""


def pdf(file: Source) -> Paper:
    """A paper as it is printed; its title is what the file says of itself, else its first line.

    ValueError where it holds no text, or cannot be read, or where pypdf is not installed.
    """
    try:
        from pypdf import PdfReader  # an extra
    except ImportError:
        raise ValueError(f"{file}: reading a PDF needs pypdf: pip install 'simrun[pdf]'") from None
    # what it logs of a broken file is told as the file's fault
    logging.getLogger("pypdf").addHandler(logging.NullHandler())
    try:
        with file.file.open("rb") as opened:
            reader = PdfReader(opened)
            pages = [_clean(page.extract_text() or "") for page in reader.pages]
            said = reader.metadata
            title = _clean(str(said.title or "")) if said else ""
    except Exception as error:  # a broken PDF breaks its reader in any way that there is
        raise ValueError(f"{file}: no PDF that can be read ({type(error).__name__}: {error})") from None
    whole = "\n\n".join(page for page in pages if page)
    if len(whole) < LEAST:
        raise ValueError(
            f"{file}: {len(pages)} pages with {len(whole)} characters of text: it is a scan; make its text readable "
            "first (OCR, such as ocrmypdf)"
        )
    return Paper(id=file.stem, title=title or whole.splitlines()[0][:LONGEST].strip(), text=whole)


def _clean(text: str) -> str:
    """Without half characters, which fonts that are embedded in parts give, and no log can hold."""
    return text.encode("utf-8", "ignore").decode().strip()
