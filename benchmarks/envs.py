"""How many turns a CPU second the environments step, beside a bare stage, PettingZoo's own games and TextArena.

    python benchmarks/envs.py [--json] [--small]

Consultations of 50 and of 14 turns: the doctor asks until its last move, the patient answers and is asked for
three opinions; nothing is sampled, so that only the stepping is timed. A turn is one role having its
observation and saying something, whoever plays it. `bare` is the stage driven by hand, in the form of `aec`
with constant replies, in that of `gym` and `vector` with the patient's replies from the scripted backend.
TextArena plays its two-player conversations of 50 and of 12 turns (TruthAndDeception, its default wrappers),
with one environment for all games, emptied of earlier ones, and with a new one for each game; PettingZoo its
tic-tac-toe and rock-paper-scissors, games of a few numbers. Rounds take turns, the best of each counts. Needs
textarena, and pettingzoo's classic games; who is not installed is left out.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import gymnasium
from timed import DIALOGUE, least, main, most

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.envs import aec
from simrun.envs.registry import name
from simrun.envs.session import planned

ASKED: dict[str, Any] = {"scenario": "clinic", "backend": {"rules": DIALOGUE}, "cases": 4}
LENGTHS = {24: ("TruthAndDeception-v0-extreme", 50), 6: ("TruthAndDeception-v0-long", 12)}
"""Questions of the doctor -> TextArena's conversation of about that length, and its turns."""
ASK = '{"move": "ask", "question": "Since when have you had this, and is it getting worse?"}'
DIAGNOSE = (
    '{"move": "diagnose", "diagnosis": "a cold", "differential": [], "urgency": 3, '
    '"referral": false, "pain_relief": true}'
)
TOLD = "It began about three days ago, and since yesterday it has been a little worse."
ENVS = 64
Turns = int


def overrides(questions: int) -> tuple[str, ...]:
    """The clinic with so many moves of the doctor: 2 x questions + 2 turns, the answers and three opinions included."""
    return "backend=scripted", f"scenario.questions={questions}"


def constant(role: str, chat_form: str, text: str) -> str:
    """A reply that costs nothing to find."""
    if role == "patient":
        return '{"score": 7}' if chat_form else TOLD
    return DIAGNOSE if "your last move" in text[-120:] else ASK


def bare(questions: int, scripted: bool) -> Callable[[int], Turns]:
    """The stage by hand; `scripted` has the patient's replies from the backend."""
    plan = planned(overrides(questions), ASKED, ("doctor",), None)
    backend = Scripted(rules=DIALOGUE)
    trials = list(plan.trials())

    def answer(chat: Chat) -> Answer:
        if scripted and chat.role == "patient":
            asked = backend.reply(chat)
            try:
                asked.send(None)  # type: ignore[attr-defined]
            except StopIteration as end:
                answered: Answer = end.value
                return answered
        return Answer(text=constant(chat.role, str(chat.form or ""), chat.messages[-1].content))

    def play(episodes: int) -> Turns:
        turns = 0
        for episode in range(episodes):
            trial = trials[episode % len(trials)]
            stage = plan.stage(trial)
            while not stage.over:
                for turn in stage.pending():
                    stage.say(turn, Reply.of(answer(chat := stage.chat(turn)), turn.kinds(), chat.told))
                    turns += 1
        return turns

    return play


def turns_of(questions: int) -> Callable[[int], Turns]:
    env = aec(*overrides(questions), **ASKED)

    def play(episodes: int) -> Turns:
        turns = 0
        for _ in range(episodes):
            env.reset()
            for agent in env.agent_iter():
                seen, _, over, _, info = env.last()
                env.step(None if over else constant(agent, info["form"], str(seen)))
                turns += not over
        return turns

    return play


def one(questions: int) -> Callable[[int], Turns]:
    env = gymnasium.make(
        name("clinic"),
        seat="doctor",
        overrides=overrides(questions),
        **{key: ASKED[key] for key in ("backend", "cases")},
    )

    def play(episodes: int) -> Turns:
        turns = 0
        for _ in range(episodes):
            seen, _ = env.reset()
            over = False
            while not over:
                seen, _, over, _, _ = env.step(constant("doctor", "", seen))
            turns += 2 * questions + 2
        return turns

    return play


def many(questions: int) -> Callable[[int], Turns]:
    given = {key: ASKED[key] for key in ("backend", "cases")}
    env = gymnasium.make_vec(
        name("clinic"), num_envs=ENVS, seat="doctor", overrides=overrides(questions), autoreset_mode="SameStep", **given
    )

    def play(episodes: int) -> Turns:
        seen, _ = env.reset()
        done = 0
        while done < max(episodes, ENVS):
            seen, _, over, _, _ = env.step(tuple(constant("doctor", "", text) for text in seen))
            done += int(over.sum())
        return done * (2 * questions + 2)

    return play


def zoo(game: str) -> Callable[[int], Turns]:
    import importlib

    env = importlib.import_module(f"pettingzoo.classic.{game}").env()

    def play(episodes: int) -> Turns:
        turns = 0
        for _ in range(episodes):
            env.reset(seed=0)
            for _ in env.agent_iter():
                seen, _, over, truncated, _ = env.last()
                done = over or truncated
                action = None if done else int(seen["action_mask"].argmax()) if isinstance(seen, Mapping) else 0
                env.step(action)
                turns += not done
        return turns

    return play


def arena(game: str, length: int, anew: bool) -> Callable[[int], Turns]:
    with contextlib.redirect_stdout(None):
        import textarena

    kept = textarena.make(game)

    def play(episodes: int) -> Turns:
        turns = 0
        for _ in range(episodes):
            env = textarena.make(game) if anew else kept
            # its observation wrapper keeps what was heard in earlier games, and every turn then takes longer
            env.full_observations = {}
            env.reset(num_players=2)
            done = False
            while not done:
                env.get_observation()
                done, _ = env.step("[Fact 1]" if turns % length == length - 1 else TOLD)
                turns += 1
        return turns

    return play


def players(questions: int) -> dict[str, Callable[[int], Turns]]:
    """Who is timed on conversations of one length."""
    found = {
        "bare": bare(questions, False),
        "bare, scripted patient": bare(questions, True),
        "aec": turns_of(questions),
        "gym": one(questions),
        "vector": many(questions),
    }
    if find_spec("textarena"):
        found |= {
            "textarena": arena(*LENGTHS[questions], anew=False),
            "textarena, a new one each": arena(*LENGTHS[questions], anew=True),
        }
    return found


def games() -> dict[str, Callable[[int], Turns]]:
    """PettingZoo's own, as far as they are installed."""
    found = {}
    for game in ("tictactoe_v3", "rps_v2"):
        with contextlib.suppress(ImportError):
            found[f"pettingzoo {game}"] = zoo(game)
    return found


def paced(
    timed: Mapping[str, Callable[[int], Turns]], episodes: int, rounds: int, say: Callable[[str], None]
) -> dict[str, float]:
    """Turns a CPU second of each, the best of several rounds in which they take turns; all of them are one
    thread, and other processes come and go."""
    best = dict.fromkeys(timed, 0.0)
    for _ in range(rounds):
        for who, play in timed.items():
            began = time.process_time()
            turns = play(episodes)
            best[who] = max(best[who], turns / (time.process_time() - began))
    say(", ".join(f"{who} {pace:.0f}" for who, pace in best.items()))
    return best


def measure(small: bool, say: Callable[[str], None]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    episodes, rounds = (64, 3) if small else (256, 5)
    long, short = (paced(players(questions), episodes, rounds, say) for questions in LENGTHS)
    goals = {
        "aec, times a bare stage's time": most(long["bare"] / long["aec"], 2),
        "gym, times a bare stage's time": most(long["bare, scripted patient"] / long["gym"], 2),
        "vector, times a bare stage's time": most(long["bare, scripted patient"] / long["vector"], 2),
    }
    if "textarena" in long:
        goals["aec, times textarena's pace (50 turns)"] = least(long["aec"] / long["textarena"], 3)
        goals["aec, times textarena's pace (14 turns)"] = least(short["aec"] / short["textarena"], 3)
    told = {"50 turns": long, "14 turns": short, "games": paced(games(), episodes, rounds, say)}
    return {length: {who: round(pace) for who, pace in best.items()} for length, best in told.items()}, goals


if __name__ == "__main__":
    main(__doc__, measure)
