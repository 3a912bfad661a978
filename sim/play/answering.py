"""How a turn is answered: from the log where it was asked before, else by the role's engine; the
answer is logged before the play hears it."""

import time
from functools import partial

from simrun.agents.backends import choice
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.log.chain import RunLog
from simrun.log.lines import note_call
from simrun.play.admission import Admission
from simrun.play.engines import Engines
from simrun.play.watch import Watch
from simrun.scenarios.base import Turn
from simrun.stage.drive import Ask
from simrun.stage.trial import Trial


class Answering:
    """Answers for everybody who plays on an engine. `log` is None where nothing is kept."""

    def __init__(self, engines: Engines, log: RunLog | None, answers: Answers, watch: Watch, admission: Admission):
        self.engines, self.log, self.answers, self.watch, self.admission = engines, log, answers, watch, admission

    def of(self, trial: Trial) -> Ask:
        """What `drive` asks in one trial."""
        return partial(self.ask, trial)

    async def ask(self, trial: Trial, turn: Turn, chat: Chat) -> Reply:
        """One turn. BackendError where its engine failed after all retries, or the log has another question there."""
        answer = self.answers.get(chat)
        if answer is None:
            answer = await self._answered(chat, trial)
        return Reply.of(answer, turn.kinds(), chat.told)

    async def _answered(self, chat: Chat, trial: Trial) -> Answer:
        backend, asked = self.engines.of(trial.arm, chat.role), time.perf_counter()
        for each in self.engines.watching:
            if each is not backend:
                each.notice(chat.role)
        if chat.nth == chat.attempt == 0 and backend.prefixes:
            async with self.admission.first(backend, trial.case, chat):
                answer = await backend.reply(chat)
        else:
            answer = await backend.reply(chat)
        self.keep(chat, answer, time.perf_counter() - asked)
        self.admission.grew(backend, chat.session, answer)
        return answer

    def keep(self, chat: Chat, answer: Answer, seconds: float) -> None:
        """Log and count an answer."""
        if self.engines.expecting and answer.options is None and answer.unweighed is None and choice.of(chat.form):
            answer = answer.model_copy(update={"unweighed": "untold"})  # a person, say: what was said must do
        if self.log is not None:
            note_call(self.log, chat, answer, seconds)
        watch = self.watch
        watch.calls += 1
        watch.prompt += answer.prompt_tokens or 0
        watch.cached += answer.cached_tokens or 0
        watch.output += answer.output_tokens or 0
