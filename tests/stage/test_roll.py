"""Numbers by trial: as a dict has them, in a fifth of the room."""

import sys

from simrun.stage.roll import Roll


def test_a_roll_has_what_it_was_told():
    roll = Roll()
    roll.note("00000000000000aa", 7)
    roll.note("ffffffffffffffff", -2)
    roll.note("00000000000000aa", 8)
    assert (len(roll), roll.get("00000000000000aa"), roll.get("ffffffffffffffff")) == (2, 8, -2)
    assert "00000000000000ab" not in roll
    assert 170 not in roll  # which is what aa says


def test_ids_that_fall_on_one_place_are_told_apart():
    roll, alike = Roll(), [f"{nth:04x}{0x3FF:012x}" for nth in range(300)]  # the last place of a thousand
    for nth, each in enumerate(alike):
        roll.note(each, nth)
    assert [roll.get(each) for each in alike] == list(range(300))


def test_what_is_no_id_is_kept_as_it_is_written():
    roll = Roll()
    for nth, each in enumerate(("0000000000000000", "AA", "00000000000000AA", "0x000000000000aa", "episode 3")):
        roll.note(each, nth)
    assert (len(roll), roll.get("00000000000000aa"), roll.get("AA")) == (5, None, 1)
    assert "0000000000000000" in roll


def test_a_roll_grows_and_takes_at_most_36_bytes_a_trial():
    roll = Roll()
    for nth in range(20_000):
        roll.note(f"{(nth + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}", nth)
    assert all(roll.get(f"{(nth + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}") == nth for nth in range(20_000))
    assert len(roll) == 20_000
    assert sys.getsizeof(roll._ids) + sys.getsizeof(roll._numbers) < 36 * 20_000
