"""Seats that are pages: a real server, asked over HTTP by a browser, another terminal and those who should not."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simrun.agents.backends.human.web import Page
from simrun.agents.reply import form
from simrun.report.run import load
from simrun.scenarios.clinic.consultation import Ask, Diagnose, OrderTest

MOVES = form((Ask, OrderTest, Diagnose))
WITHIN = 60


def asked(url: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
    """Status, text and headers of a request; a body makes it a post."""
    data = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, {**kind, **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as told:
            return told.status, told.read().decode(), told.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


async def told(url: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
    import asyncio

    return await asyncio.to_thread(asked, url, body, **headers)


@pytest.fixture
async def page():
    made = Page("doctor")
    address = await made.open()
    yield made, address
    await made.close()


async def test_a_page_is_a_seat(page):
    import asyncio

    made, address = page
    made.tell(["The patient is here.", "(3 moves left)"])
    answer = asyncio.create_task(made.answered("doctor", MOVES))
    await asyncio.sleep(0)
    state = json.loads((await told(f"{address}state"))[1])
    assert [each["text"] for each in state["said"]] == ["The patient is here.", "(3 moves left)"]
    assert [each["verb"] for each in state["asked"]["can"]] == ["ask", "test", "diagnose"]
    assert (await told(f"{address}say", {"n": 9, "text": "late"}))[0] == 409
    code, why, _ = await told(f"{address}say", {"n": 1, "verb": "diagnose", "fields": {"urgency": "soon"}})
    assert (code, why[:15]) == (422, "not understood.")
    assert (await told(f"{address}say", {"n": 1, "verb": "test", "fields": {"test": "pulse"}}))[0] == 200
    assert json.loads(await answer) == {"move": "test", "test": "pulse"}
    assert json.loads((await told(f"{address}state?since=2"))[1])["said"] == [
        {"who": "you", "text": "move: test; test: pulse"}
    ]


async def test_nobody_else_can_see_it_or_post_to_it(page):
    _, address = page
    root, port = address.rsplit("/", 2)[0], address.split(":")[2].split("/")[0]
    said = {"n": 1, "text": "mine"}
    assert (await told(f"{root}/say", said))[0] == 404
    assert (await told(f"{root}/guessed-token/say", said))[0] == 404
    assert (await told(f"{address}say", said, Origin="http://evil.example"))[0] == 403
    assert (await told(f"{address}say", said, Origin="null"))[0] == 403
    assert (await told(f"{address}state", Host=f"evil.example:{port}"))[0] == 403
    assert (await told(f"{address}say", "n=1", **{"Content-Type": "text/plain"}))[0] == 415
    assert (await told(f"{address}say", "[", **{"Content-Type": "application/json"}))[0] == 400
    assert (await told(f"{address}say", said))[0] == 409  # nothing is asked; all else was right


async def test_the_page_asks_nothing_of_anybody_else(page):
    _, address = page
    _, text, headers = await told(address)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"https?://|src=|@import|url\(|innerHTML|NONCE", text)


def served(*arguments: str, out: Path, stdin: Any = subprocess.DEVNULL) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simrun", "play", "scenario=clinic", "backend=scripted", f"out={out}", *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def addresses(process: subprocess.Popen[str], *seats: str) -> list[str]:
    """Where these seats are, as it was printed, in whatever order."""
    assert process.stderr is not None
    found: dict[str, str] = {}
    while not set(seats) <= set(found):
        line = process.stderr.readline()
        assert line, "it ended before it printed an address"
        if seat := re.match(r"seat   (\w+): (\S+)", line):
            found[seat[1]] = seat[2]
    return [found[each] for each in seats]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended, whatever happens."""
    begun: list[subprocess.Popen[str]] = []
    yield begun
    for each in begun:
        each.kill()
        each.communicate()


@pytest.mark.slow
def test_two_people_sit_at_two_terminals(tmp_path, ended):
    """The doctor's seat is a terminal of its own, a real pseudo-terminal; the patient's is a page, asked by HTTP."""
    ended.append(play := served("seat=patient,doctor", "--web", out=tmp_path))
    patient, doctor = addresses(play, "patient", "doctor")
    ours, theirs = pty.openpty()
    ended.append(
        subprocess.Popen(
            [sys.executable, "-m", "simrun", "play", f"at={doctor}"], stdin=theirs, stderr=theirs, stdout=theirs
        )
    )
    shown = ""

    def sees(words: str) -> bool:
        nonlocal shown
        if select.select([ours], [], [], 0.05)[0]:
            shown += os.read(ours, 65536).decode(errors="replace")
        return words in " ".join(shown.split())

    def state() -> Any:
        return json.loads(asked(f"{patient}state")[1])

    until(lambda: sees("You can type: ask QUESTION"))
    until(lambda: state()["waiting"] == "doctor")
    os.write(ours, b"Where does it hurt?\n")
    until(lambda: state()["asked"] is not None)
    assert any("Where does it hurt?" in each["text"] for each in state()["said"])
    until(lambda: sees("... the patient is answering"))
    assert asked(f"{patient}say", {"n": 1, "text": "In the side."})[0] == 200
    until(lambda: sees("Patient: In the side."))
    os.write(ours, b"quit\n")
    play.communicate(timeout=WITHIN)
    run = load("last", out=str(tmp_path))
    assert list(run.calls.text) == ["Where does it hurt?", "In the side."]
    assert play.returncode == 3


def test_where_no_seat_is_is_said(command):
    code, _, said = command("play", "at=http://127.0.0.1:9/nowhere/")
    assert code == 2
    assert "no seat at http://127.0.0.1:9/nowhere/" in said
    assert "give the address that simrun play printed" in said


@pytest.mark.slow
def test_a_doctor_plays_in_a_real_browser(tmp_path, ended, browser):
    ended.append(play := served("seat=doctor", "--web", out=tmp_path))
    (address,) = addresses(play, "doctor")
    threading.Thread(target=play.stderr.read, daemon=True).start()  # type: ignore[union-attr]
    complaints: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda each: complaints.append(each.url) if not each.url.startswith(address) else None)
    page.goto(address)
    page.get_by_role("button", name="ask").wait_for()
    assert page.title() == "You are the doctor"
    assert page.locator("#left").inner_text() == "20 moves left, this one included."
    question = page.get_by_label("question (in words)")
    question.fill("<img src=x onerror=\"document.title='owned'\">")
    question.press("Enter")
    page.get_by_text("19 moves left, this one included.", exact=True).wait_for()
    assert page.locator("#said img").count() == 0
    page.get_by_label("diagnosis (in words)").fill("migraine")
    page.get_by_label("urgency (1 to 5)").fill("3")
    page.get_by_role("button", name="diagnose").click()
    page.get_by_text("The play is over.").wait_for()
    assert page.title() == "You are the doctor"
    play.wait(timeout=WITHIN)
    run = load("last", out=str(tmp_path))
    assert run.complete
    assert run.outcomes.set_index("outcome").loc["diagnosis", "text"] == "migraine"
    assert [each for each in complaints if "favicon" not in each] == []
