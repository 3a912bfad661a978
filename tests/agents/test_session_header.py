"""A router in front of several servers reads from a header which of them a chat belongs to."""

import re
from collections import Counter

import pytest

from simrun import run
from simrun.agents.backends.routing import key
from simrun.agents.backends.server import Server
from simrun.agents.records import Chat, Message
from simrun.config.errors import ConfigError

ASKED = ("scenario=clinic", "backend=server", "vary.patient.ethnicity=[White,Black]", "design.controls=[]")


def chat(session: str, pair: str = "", form: object = None) -> Chat:
    messages = (Message(role="user", content="Hello"),)
    return Chat(session=session, role="doctor", nth=0, messages=messages, seed=1, digest="", pair=pair, form=form)


def test_arms_of_a_pair_and_turns_of_a_chat_have_one_key_and_others_another(stub, tmp_path):
    done = run(
        *ASKED, f"url={stub.url}", "backend.session_header=X-Session-ID", "cases=3", "repeats=2", out=str(tmp_path)
    )
    assert done.complete
    keys = Counter(seen.headers["X-Session-ID"] for seen in stub.chats)
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in keys)
    # 3 cases by 2 repeats have a key each, which all calls of their two arms share
    calls = done.calls.merge(done.episodes, on="trial").groupby(["case", "repeat"]).size()
    assert (len(keys), sorted(keys.values())) == (6, sorted(calls))


def test_a_key_tells_nothing_of_its_case_and_is_the_session_where_there_is_no_pair():
    assert key(chat("s1", "case-7/0")) == key(chat("s2", "case-7/0"))
    assert "case" not in key(chat("s1", "case-7/0"))
    assert len({key(chat("s1")), key(chat("s2")), key(chat("s1", "a/0")), key(chat("s1", "a/1"))}) == 4


async def test_no_header_is_sent_unless_one_is_named(stub):
    server = Server(url=stub.url)
    await server.open()
    await server.reply(chat("s", "p"))
    await server.close()
    assert not [name for name in stub.chats[0].headers if name.lower().startswith("x-")]


@pytest.mark.parametrize("name", ["X Session", "X-Session:", "X-Sitzung-Ä", "authorization", "Host"])
def test_a_header_that_cannot_be_is_refused(name, stub, tmp_path):
    with pytest.raises(ConfigError, match=r"session_header: .*X-Session-ID|session_header: this header has a meaning"):
        run(*ASKED, f"url={stub.url}", f"backend.session_header='{name}'", out=str(tmp_path))
    assert not stub.seen
