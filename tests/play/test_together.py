"""Those who are due at the same time are asked at the same time: all reviews of a venue are in flight together."""

import asyncio
from collections import Counter

from simrun import run
from simrun.agents.backends.scripted import Scripted


def test_three_reviewers_of_25_papers_are_75_calls_in_flight(tmp_path, monkeypatch):
    answer, waiting, most = Scripted.reply, Counter(), Counter()

    async def reply(self, chat):
        who = chat.role.partition("_")[0]
        phase = who, 0 if who == "author" else chat.nth  # an author answers all three reviews at once, in one chat
        waiting[phase] += 1
        most[phase] = max(most[phase], waiting.total())
        await asyncio.sleep(0)  # whoever else is due is asked before this one is answered
        said = await answer(self, chat)
        waiting[phase] -= 1
        return said

    monkeypatch.setattr(Scripted, "reply", reply)
    asked = ("scenario=peer_review", "scenario.papers=25", "scenario.decide=rate", "backend=scripted")
    done = run(*asked, "vary={}", "design.controls=[]", "cases=1", "concurrency=1", out=str(tmp_path))
    assert done.complete
    reviews, talk, again = (most["reviewer", nth] for nth in range(3))
    assert (reviews, talk, again) == (75, 75, 75)
    assert (most["chair", 0], most["chair", 1]) == (25, 25)  # opens the discussion of each paper, and sums it up
    assert most["author", 0] == 75
