"""Who may begin, who reads a prefix first, and what a run's samples come to: worked out by hand."""

import asyncio
import gc

import pytest
from conftest import config

from simrun.agents.backends.base import Gauges
from simrun.agents.backends.scripted import Scripted
from simrun.agents.backends.server import Server
from simrun.agents.records import Answer, Chat, Message
from simrun.config.errors import ConfigError
from simrun.log.chain import RunLog
from simrun.plan.design import planned
from simrun.play.admission import Admission, Ledger
from simrun.play.engines import Engines, placed
from simrun.play.heap import YOUNG, settled
from simrun.play.replay import Answers
from simrun.play.runner import Runner
from simrun.play.speed import Sample, pace, rates, samples, windows
from simrun.play.watch import Watch


def answer(prompt: int, cached: int, output: int) -> Answer:
    return Answer(text="", prompt_tokens=prompt, cached_tokens=cached, output_tokens=output)


def chat(session: str, role: str = "doctor") -> Chat:
    return Chat(session=session, role=role, nth=0, messages=(Message(role="user", content="?"),), seed=0, digest="")


def test_an_episode_is_expected_to_need_what_those_before_it_came_to():
    ledger = Ledger()
    assert ledger.room()  # nobody has told how much there is
    ledger.told(Gauges(kv_tokens=1000))
    ledger.grew("a", answer(100, 0, 20))
    ledger.grew("a", answer(150, 120, 50))  # 120 + 80 tokens that were not there before
    assert ledger.expected() == 200
    ledger.left("a")
    ledger.grew("b", answer(50, 0, 0))
    ledger.grew("c", answer(300, 0, 100))
    assert (ledger.expected(), ledger.room()) == (200, True)  # b will have 200, c has 400, one more 200: 800 of 900
    ledger.grew("d", answer(1, 0, 1))
    assert not ledger.room()  # 1,000 of 900
    ledger.left("c")
    assert ledger.room()


def test_an_engine_under_pressure_takes_nobody_new_whatever_the_estimate_says():
    ledger = Ledger()
    ledger.grew("a", answer(1, 0, 1))
    ledger.told(Gauges(kv_tokens=1000, kv_used=0.97, waiting=3))
    assert not ledger.room()
    ledger.told(Gauges(kv_tokens=1000, kv_used=0.97, waiting=0))
    assert ledger.room()


@pytest.mark.parametrize(("launched", "waits"), [(False, True), (True, False)])
async def test_each_of_two_processes_fills_half_of_a_cache_that_they_share_and_all_of_one_of_its_own(launched, waits):
    backend = Server(model="tiny", launch=launched)
    admission = Admission(processes=2)
    admission.told(backend, Gauges(kv_tokens=1000))
    admission.grew(backend, "a", answer(200, 0, 30))  # 230 + 230 of 450, or of 900
    begun = asyncio.create_task(admission.room())
    await asyncio.sleep(0.01)
    assert begun.done() is not waits
    begun.cancel()


async def test_a_new_episode_waits_for_room_and_begins_when_one_ends():
    admission, backend = Admission(), Scripted()
    admission.told(backend, Gauges(kv_tokens=1000))
    admission.grew(backend, "a", answer(600, 0, 0))
    waiting = asyncio.create_task(admission.room())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    admission.left("a")
    await asyncio.wait_for(waiting, 1)


async def test_a_run_that_plays_beside_another_fills_half_of_a_cache(known, tmp_path):
    plan = planned(config(together=2), known)
    log = RunLog(tmp_path)
    admission = Runner(plan, Engines(plan), log, Answers(), Watch(owed=0)).admission
    log.close()
    backend = Scripted()
    admission.told(backend, Gauges(kv_tokens=1000))
    admission.grew(backend, "a", answer(200, 0, 30))
    waiting = asyncio.create_task(admission.room())
    await asyncio.sleep(0.01)
    assert not waiting.done()  # 230 + 230 of 450; alone it would be of 900
    waiting.cancel()


async def test_one_reads_a_prefix_and_then_the_others_do_at_once():
    admission, backend, order = Admission(), Scripted(), list[str]()
    gate = asyncio.Event()

    async def ask(name: str, case: str) -> None:
        async with admission.first(backend, case, chat(name)):
            order.append(name)
            await gate.wait()

    asked = [asyncio.create_task(ask(name, case)) for name, case in (("a", "1"), ("b", "1"), ("c", "1"), ("d", "2"))]
    await asyncio.sleep(0.01)
    assert order == ["a", "d"]  # another case begins otherwise, and waits for nobody
    gate.set()
    await asyncio.gather(*asked)
    assert order == ["a", "d", "b", "c"]


async def test_a_prefix_whose_reader_failed_is_read_by_the_next():
    admission, backend = Admission(), Scripted()
    with pytest.raises(RuntimeError):
        async with admission.first(backend, "1", chat("a")):
            raise RuntimeError
    async with admission.first(backend, "1", chat("b")):
        pass


def test_engines_that_claim_more_of_a_device_than_there_is_are_refused():
    class Big(Scripted):
        model: str
        share: float

        def claims(self) -> dict[str, float]:
            return {"gpu 0": self.share}

    placed([Big(model="large", share=0.6), Big(model="small", share=0.4)])
    placed([Big(model="large", share=0.9), Big(model="large", share=0.9)])  # the same one, asked in two ways
    with pytest.raises(ConfigError, match=r"gpu 0 is claimed more than once over: large 0.6, small 0.5"):
        placed([Big(model="large", share=0.6), Big(model="small", share=0.5)])


def sample(at: float, calls: int, prompt: int, cached: int, output: int, session: float = 0.0, **more: float) -> Sample:
    told = {"playing": 2, "lag_mean": 0.001, "lag_most": 0.002} | more
    return Sample(session=session, at=at, calls=calls, prompt=prompt, cached=cached, output=output, **told)


def test_a_pause_between_sessions_does_not_count_as_play():
    found = pace(
        [
            sample(10, 20, 400, 100, 50, running=4, waiting=0, preemptions=5),
            sample(20, 40, 900, 400, 100, running=2, waiting=2, preemptions=7),
            sample(1010, 10, 100, 0, 20, session=1000.0, lag_mean=0.003, lag_most=0.5),
            sample(5000, 0, 0, 0, 0, session=4000.0, lag_mean=9),  # resumed, and there was nothing to ask
        ]
    )
    assert found is not None
    assert (found.seconds, found.calls_per_second) == (30, pytest.approx(50 / 30))
    assert (found.prompt_tokens_per_second, found.output_tokens_per_second) == (
        pytest.approx(1000 / 30),
        pytest.approx(120 / 30),
    )
    assert (found.cached_share, found.running, found.waiting, found.preemptions) == (0.4, 3, 1, 2)
    assert (found.lag_mean_ms, found.lag_most_ms) == (pytest.approx(5 / 3), 500)
    assert (found.prefill_rate, found.bound_share) == (None, None)  # too short to tell


def test_engines_that_load_are_not_yet_at_play():
    idle = [sample(at, 0, 0, 0, 0, playing=0) for at in (60, 97)]
    found = pace([*idle, sample(117, 40, 900, 400, 100), sample(137, 80, 1800, 800, 200, playing=0)])
    assert found is not None
    assert (found.seconds, found.calls_per_second) == (40, 2)
    assert found.playing == pytest.approx(2 / 3)  # of the samples from 97 s on


def test_the_tail_is_what_stands_empty_once_nothing_is_left_to_begin():
    def at(seconds: float, playing: int, left: int | None, session: float = 0.0) -> Sample:
        return sample(seconds, 9, 0, 0, 0, session, playing=playing, left=left)

    full = [at(10, 4, 20), at(20, 4, 0)]
    tail = pace([*full, at(24, 2, 0), at(30, 0, 0)])
    assert tail is not None
    # 4 places: of 4 s one was empty in the mean, of 6 s three; all were there for 30 s
    assert (tail.tail_seconds, tail.tail_idle, tail.tail_cost) == (10, (4 + 18) / 40, (4 + 18) / 120)
    stopped = pace([at(10, 4, 20), at(20, 4, 9)])
    assert stopped is not None
    assert (stopped.tail_seconds, stopped.tail_cost) == (None, None)
    both = pace([at(10, 4, 20), at(20, 4, 9), at(1010, 2, 0, 1000.0), at(1020, 0, 0, 1000.0)])
    assert both is not None
    # resumed with two: of 10 s one of two places; 4 places for 20 s, and 2 for 20 s
    assert (both.tail_seconds, both.tail_idle, both.tail_cost) == (10, 10 / 20, 10 / 120)
    unknown = pace([at(10, 4, None), at(20, 0, None)])
    assert unknown is not None
    assert unknown.tail_seconds is None


def test_the_bound_is_what_the_tokens_need_at_rates_that_are_known():
    found = pace([sample(10, 20, 1000, 600, 100)], prefill_rate=200, decode_rate=50)
    assert found is not None
    assert (found.bound_seconds, found.bound_share) == (400 / 200 + 100 / 50, 0.4)


def test_rates_are_those_under_which_no_stretch_was_faster_than_possible():
    # at 100 read and 20 written a second: the first three are as fast as can be, the others waited
    busy = [(10.0, 1000, 0), (10.0, 0, 200), (10.0, 500, 100)]
    idle = [(10.0, 100, 20), (10.0, 400, 0), (10.0, 0, 50)]
    assert rates(busy + idle) == (pytest.approx(100), pytest.approx(20))
    assert rates(busy) is None  # six stretches are needed


def test_stretches_are_of_ten_seconds_within_a_session():
    found = [sample(at, 0, 10 * at, 0, at) for at in range(0, 26, 5)] + [sample(30, 0, 5, 0, 5, session=26.0)]
    assert windows(found) == [(10, 100, 10), (10, 100, 10)]


def test_samples_of_a_run_are_kept_and_a_torn_one_passed_over(play):
    done = play(cases=2)
    kept = samples(done.path)
    assert (kept[-1].calls, kept[-1].playing, kept[-1].left) == (len(done.calls), 0, 0)
    with (done.path / "pace.jsonl").open("ab") as lines:
        lines.write(b'{"session":1,"at"')
    assert samples(done.path) == kept


def test_while_a_run_plays_the_collector_leaves_alone_what_was_there_before_and_does_as_ever_afterwards():
    before, found = gc.get_threshold(), []

    def fails():
        found.append((gc.get_freeze_count() > 10_000, gc.get_threshold()[0]))
        with settled():  # of two runs at once the first one's counts
            pass
        found.append((gc.get_freeze_count() > 10_000, gc.get_threshold()[0]))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), settled():
        fails()
    assert found == [(True, max(before[0], YOUNG))] * 2
    assert (gc.get_freeze_count(), gc.get_threshold(), gc.isenabled()) == (0, before, True)


def test_where_its_user_has_turned_the_collector_off_it_stays_off():
    gc.disable()
    try:
        with settled():
            assert (gc.isenabled(), gc.get_freeze_count()) == (False, 0)
    finally:
        gc.enable()
