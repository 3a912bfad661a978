"""What llama.cpp's server is asked to go on with: text and tokens, or, where there are images, text alone."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from simrun.agents.backends.choice import Untold
from simrun.agents.backends.weighing import Encode, tokenised

Post = Callable[..., Awaitable[Any]]
"""(path, fields of the body) -> the JSON that comes back."""
After = Callable[[Sequence[int]], Awaitable[Any]]
"""Tokens said after a prompt -> both as the engine takes them."""


def shown(messages: Sequence[Any]) -> list[str]:
    """The images of messages in their order, as base64; those that are text alone are written as JSON already."""
    parts = [part for message in messages if isinstance(message, Mapping) for part in message["content"]]
    return [part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"]


def going_on(prompt: str, images: Sequence[str], post: Post, encode: Encode) -> After:
    """A prompt, and what was said after it. With images the tokens go as their text, and only where that is read as
    the same tokens again: Untold("untold") where it is not."""

    async def after(said: Sequence[int]) -> Any:
        if not images:
            return [prompt, *said]
        text = (await post("/detokenize", tokens=list(said)))["content"] if said else ""
        if said and (await tokenised({"": text}, encode))[""] != list(said):
            raise Untold("untold")
        return {"prompt_string": prompt + text, "multimodal_data": list(images)}

    return after
