"""A case of the clinic."""

from collections.abc import Mapping

from rapidfuzz import fuzz, process, utils

from simrun.scenarios.base import Case

NORMAL = "Normal readings."
_ABBREVIATIONS = {
    "cbc": "complete blood count",
    "fbc": "complete blood count",
    "ecg": "electrocardiogram",
    "ekg": "electrocardiogram",
    "cxr": "chest x-ray",
    "lfts": "liver function tests",
    "lft": "liver function tests",
    "tfts": "thyroid function tests",
    "ua": "urinalysis",
    "emg": "electromyography",
    "esr": "erythrocyte sedimentation rate",
    "crp": "c-reactive protein",
    "tsh": "thyroid-stimulating hormone",
    "lp": "lumbar puncture",
    "eeg": "electroencephalogram",
    "cmp": "metabolic panel",
    "bmp": "metabolic panel",
    "abg": "arterial blood gas",
    "echo": "echocardiogram",
    "vitals": "vital signs",
    "chest radiograph": "chest x-ray",
}
_CLOSE = 82
"""Least similarity (0-100, token sets) at which a requested test is one that the case has."""


class ClinicCase(Case):
    """A patient, what examining them finds, and what they have."""

    complaint: str
    """What the doctor is told before the consultation."""
    story: str
    """What the patient knows, addressed to the patient."""
    findings: Mapping[str, str]
    """Name of an examination or test -> its result."""
    diagnosis: str
    aliases: tuple[str, ...] = ()
    anchor: str
    """A plausible diagnosis that is wrong."""
    ages: tuple[int, int] | None = None
    """Years of age in which the case is plausible, None when unknown."""

    urgency: int | None = None
    """How soon it must be treated: 1 can wait, 5 at once; None when unknown."""
    pain: bool | None = None
    """Whether there is pain to relieve; None when unknown."""

    def finding(self, test: str) -> str:
        """The result of a test asked for in anybody's words; normal readings when the case has none like it."""
        asked = utils.default_process(test)
        asked = _ABBREVIATIONS.get(asked, asked)
        found = process.extractOne(
            asked,
            self.findings.keys(),
            scorer=fuzz.token_set_ratio,
            processor=utils.default_process,
            score_cutoff=_CLOSE,
        )
        return f"{found[0]}: {self.findings[found[0]]}" if found else f"{test.strip()[:80]}: {NORMAL}"

    def truths(self) -> tuple[str, ...]:
        """All names that count as the right diagnosis."""
        return (self.diagnosis, *self.aliases)
