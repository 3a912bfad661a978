"""What of a chat is the advert, and what the applications."""

import re
from functools import cache

from simrun.agents.backends.forms import Unanswerable
from simrun.agents.records import Chat, Record


class Passages(Record):
    """Where they stand, by regular expressions in which `.` is any sign; as simrun's recruitment writes them."""

    advert: str = r"\A[^\n]+\n\n(.+)"
    """Its first group is the advert, in the first message: what follows the first paragraph, which has the rules."""
    one: str = r"\[Application\]\n(.+)"
    """Its first group is the application of the one person there is."""
    label: str = r"^Applicant (\w+):\n"
    """The line above each of several applications; its first group is the label."""
    after: str = r"\n\n\([^\n]*\)\s*\Z"
    """What is asked behind the last application, and no part of it."""

    def query(self, chat: Chat) -> str:
        """The advert; Unanswerable where there is none."""
        return _found(self.advert, chat.messages[0].content if chat.messages else "", "advert")

    def person(self, chat: Chat) -> str:
        """The application of one person; Unanswerable where there is none."""
        return self._whole(_found(self.one, chat.told(), "application"))

    def people(self, chat: Chat) -> dict[str, str]:
        """The application of each of several people, by label; Unanswerable where there are none."""
        parts = _compiled(self.label).split(chat.told())
        if len(parts) < 3:
            raise Unanswerable(f"nobody in it is headed by {self.label!r}")
        return {label: self._whole(text) for label, text in zip(parts[1::2], parts[2::2], strict=True)}

    def _whole(self, text: str) -> str:
        return _compiled(self.after).sub("", text, count=1).strip()


def _found(pattern: str, text: str, what: str) -> str:
    found = _compiled(pattern).search(text)
    if found is None or not found[1].strip():
        raise Unanswerable(f"no {what} stands in it, looked for as {pattern}")
    return found[1].strip()


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE | re.DOTALL)
