"""A tendency put into an agent, at a dose, beside a control text of the same length."""

from typing import Literal

from simrun.agents.records import Record


class Bias(Record):
    """One tendency of one role.

    Dose 0 is the control: as many words, pushing nowhere, so that an effect is not one of a longer prompt. The slots:
    {anchor} is a disease chosen per case, {group} the people whom the patient's persona belongs to on `axis`.
    """

    name: str
    role: str
    kind: Literal["none", "cognitive", "implicit"]
    axis: str | None = None
    about: str = ""
    doses: tuple[str, str, str]
    control: str
    sources: tuple[str, ...] = ()

    def prompt(self, dose: int, anchor: str = "", group: str = "") -> str:
        """The text for a dose of 0 (control) to 3 (strong)."""
        if not 0 <= dose <= len(self.doses):
            raise ValueError(f"bias {self.name!r} has doses 0 to {len(self.doses)}, not {dose}")
        text = self.control if dose == 0 else self.doses[dose - 1]
        return text.format(anchor=anchor, group=group)


NONE = Bias(name="none", role="", kind="none", about="No tendency.", doses=("", "", ""), control="")
"""The agent as it is: a value like any other."""
