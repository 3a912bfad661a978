"""A server of chat completions that costs as little as it can: one answer for each
kind of question, no parsing, no waiting.

    python benchmarks/answering.py    # prints the port that it listens on, and serves until it is killed

A process of its own, so that none of its time is counted as a client's.
"""

import asyncio
from typing import cast

import orjson

ASK = '{"move": "ask", "question": "Since when have you had this, and is it getting worse?"}'
DIAGNOSE = (
    '{"move": "diagnose", "diagnosis": "gout", "differential": [], "urgency": 3, '
    '"referral": false, "pain_relief": true}'
)
SPEECH = "It began about three days ago, and since yesterday it has been a little worse."


def response(body: bytes) -> bytes:
    """An HTTP response whose body this is."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def completion(said: str) -> bytes:
    """A response that says this."""
    message = {"role": "assistant", "content": said}
    usage = {
        "prompt_tokens": 400,
        "completion_tokens": 20,
        "total_tokens": 420,
        "prompt_tokens_details": {"cached_tokens": 380},
    }
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
    return response(
        orjson.dumps(
            {"id": "c", "object": "chat.completion", "created": 0, "model": "stub", "choices": [choice], "usage": usage}
        )
    )


MODELS = response(b'{"object": "list", "data": [{"id": "stub", "object": "model"}]}')
ANSWERS = {b'"anyOf"': completion(ASK), b'"diagnosis"': completion(DIAGNOSE), b'"score"': completion('{"score": 7}')}
"""By what stands in the request's schema; the first that is there decides."""
FREE = completion(SPEECH)


class Answering(asyncio.Protocol):
    """One connection: requests in, answers out, at once."""

    def __init__(self) -> None:
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r", 1)[0] or 0)
            if len(self.held) < end + 4 + length:
                return
            body, self.held = self.held[end + 4 : end + 4 + length], self.held[end + 4 + length :]
            self.transport.write(answer(body) if head.startswith(b"post") else MODELS)


def answer(body: bytes) -> bytes:
    """The completion for a request's schema; schemas stand behind the messages, or before them, as the client likes."""
    schema = body[body.find(b'"response_format"') :] if b'"json_schema"' in body else b""
    return next((said for mark, said in ANSWERS.items() if mark in schema), FREE)


async def main() -> None:
    """Serve on a free port."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
