"""The frozen records that pass between a stage and the backend that answers it."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict

NEVER = math.log(5e-324)
"""Log-probability of what cannot be: that of the least number above 0."""
Unweighed = Literal["untold", "silent", "thinking", "unread", "alike"]
"""Why the options of a forced choice were not weighed: the backend tells no probabilities (`untold`), or none of one of
the options (`silent`); the reply has a thought that cannot be given back to the engine as it was, and options are
weighed after it (`thinking`); it is not clear where the reply made its choice (`unread`); two options have the same
tokens (`alike`)."""
Finish = Literal["stop", "length", "refused"]
"""Why the engine stopped: it was done, it met the token limit, or a content policy blocked it."""


class Record(BaseModel):
    """Base of every record: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with changes; what was computed once from the fields of this one (`cached_property`) stays behind."""
        made = super().model_copy(update=update, deep=deep)
        for name in vars(made).keys() - type(made).model_fields.keys():
            del vars(made)[name]
        return made


class Image(Record):
    """What is shown beside a text."""

    reference: str
    """An address, or the path of a file."""
    digest: str = ""
    """Hash of the file's bytes, as they were when the case was read; "" of an address."""

    @property
    def told(self) -> str:
        """What a chat's digest holds of it: a picture that has changed is another prompt, one that was moved is not."""
        return self.digest or self.reference


class Message(Record):
    """One message of a chat, in the three parts that chat templates know."""

    role: Literal["system", "user", "assistant"]
    content: str
    images: tuple[Image, ...] = ()
    """For backends that take images."""

    @cached_property
    def encoded(self) -> orjson.Fragment:
        """Its text as chat completions have it, in JSON: made once, and sent again with each later call of its chat."""
        return orjson.Fragment(orjson.dumps({"role": self.role, "content": self.content}))


class Chat(Record):
    """All that one call to a model depends on, and who asks."""

    session: str
    """The trial that this chat belongs to; with `role` and `chat` it names one growing conversation."""
    role: str
    chat: str = ""
    """Which of the role's chats this is; "" for the one that everybody has."""
    nth: int
    """How many times this chat of this role was called before in this trial."""
    attempt: int = 0
    """How many times this turn was asked before, and what was said could not be read."""
    messages: tuple[Message, ...]
    form: Mapping[str, Any] | None = None
    """JSON schema the answer must follow, None for free text."""
    seed: int
    digest: str
    """Hash of messages, images and form, and of what the engine adds to them (a steering vector at a dose): equal
    digests are equal prompts."""
    pair: str = ""
    """What the arms of a pair have in common: calls of one pair are best answered by one
    replica, whose cache knows their prefix."""
    priority: int = 0
    """0 for those who play; higher for those who judge: an engine with a queue lets them wait."""
    facts: Mapping[str, str] = {}
    """What a rule or a person may know of the case (the truth, the anchor); never sent to a model."""

    @property
    def speaker(self) -> str:
        """Whose chat this is: the role, and which of its chats where it has several."""
        return f"{self.role}/{self.chat}" if self.chat else self.role

    def text(self) -> str:
        """The messages as one string, for rules and for people."""
        return "\n".join(message.content for message in self.messages)

    def told(self) -> str:
        """What this speaker was told by others, as one string: the messages without its own."""
        return "\n".join(message.content for message in self.messages if message.role != "assistant")


MOST_TOKENS = 10**9
"""No chat has more: a count beyond is none, and sums over a run of any size still fit into a table's column."""


def _whole(text: Any) -> Any:
    """Half of a surrogate pair is no character, and could be written to no log: a replacement stands in its place."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except AttributeError:
        pass  # no text at all, which the field's own type refuses
    return text


def _count(told: Any) -> int | None:
    """A number of tokens, None for what cannot be one."""
    if isinstance(told, str) and told.strip().isdecimal():
        told = int(told)
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    return told if type(told) is int and 0 <= told <= MOST_TOKENS else None


def _finite(told: Any) -> Any:
    """All the options or none of them: a share of what is not a number is none either."""
    if isinstance(told, Mapping) and not all(value is not None and math.isfinite(value) for value in told.values()):
        return None
    return told


def _share(told: Any) -> Any:
    return told if isinstance(told, int | float) and 0 <= told <= 1 else None


Tokens = Annotated[int | None, BeforeValidator(_count)]


class Answer(Record):
    """What an engine returned for a chat. Token counts are None where the engine does not tell, or tells what no count
    can be: an answer that is right is kept whatever stands beside it."""

    text: Annotated[str, BeforeValidator(_whole)]
    finish: Finish = "stop"
    prompt_tokens: Tokens = None
    cached_tokens: Tokens = None
    output_tokens: Tokens = None
    attempts: int = 1
    """Requests it took; more than one means that infrastructure failed in between."""
    options: Annotated[Mapping[str, float] | None, BeforeValidator(_finite)] = None
    """Log-probability of each option of a forced choice, at temperature 1, where the backend was asked for them; their
    probabilities sum to 1."""
    mass: Annotated[float | None, BeforeValidator(_share)] = None
    """Where the options first part, the share (0 to 1) of all that the model could say there which leads to one of
    them: near 0 where it would rather say something else, and was held to its form. None where it is not known."""
    unweighed: Unweighed | None = None
    """Why there are no options where they were asked for."""


class Call(Record):
    """One call to a model as the log keeps it: enough to answer the same chat again without the model."""

    trial: str
    role: str
    chat: str = ""
    nth: int
    attempt: int = 0
    digest: str
    """Of the chat that was asked; a replay that would ask something else stops there."""
    seed: int
    answer: Answer
    at: float
    """Unix time of the answer, seconds."""
    seconds: float
    """From asking to answer, with all attempts."""
