"""A tendency put into an agent, at a dose, beside a control text of the same length."""

from string import Formatter
from typing import Literal, Self

from pydantic import model_validator

from simrun.agents.records import Record

SLOTS = ("anchor", "group")
"""What a text can leave open."""
Control = Literal["unrelated", "mention"]
"""What dose 0 says: something else altogether; or a neutral text that names whom or what the bias is about, so that a
dose above it differs in the prejudice and not in the mention."""
MENTIONS = {
    "group": "A yearbook stands on a shelf beside the entrance of this building. One of its tables is about {group}, "
    "as others are about other people. It gives a number for each of the last ten years, and the numbers hardly "
    "differ. You have leafed through it once.",
    "anchor": "A list of some two hundred lines lies on a shelf beside the entrance of this building. It is in no "
    "order, and one of its lines reads: {anchor}. The lines before and after it are about other things. You have "
    "leafed through it once or twice.",
}
"""By slot, in words that fit every role: of about as many words as the doses of our own biases."""


class Bias(Record):
    """One tendency of a role, or of several roles alike.

    Dose 0 is the control: as many words, pushing nowhere, so that an effect is not one of a longer prompt. The slots:
    {anchor} is chosen per case by the scenario, such as a disease or somebody's last workplace; {group} the people of
    one level of `axis`, the same in every arm (`roles.ROLE.target`).
    """

    name: str
    role: str
    also: tuple[str, ...] = ()
    """Other roles that can carry it, in the same words."""
    kind: Literal["none", "cognitive", "implicit", "manner"]
    """`cognitive`: of what comes to mind and is held on to; `implicit`: towards a group;
    `manner`: of how somebody shows themselves."""
    axis: str | None = None
    about: str = ""
    doses: tuple[str, str, str]
    control: str
    mention: str = ""
    """A neutral text that names whom or what it is about, where no slot does; "" for that of the slot."""
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fillable(self) -> Self:
        used = {
            slot
            for text in (*self.doses, self.control, self.mention)
            for _, slot, _, _ in Formatter().parse(text)
            if slot is not None
        }
        if other := sorted(used - set(SLOTS)):
            raise ValueError(f"bias {self.name!r} has the slot {{{other[0]}}}; there are: {{anchor}}, {{group}}")
        if "group" in used and self.axis is None:
            raise ValueError(
                f"bias {self.name!r} speaks of a {{group}} and does not say on which axis; "
                "set axis, such as axis: gender"
            )
        return self

    def carriers(self) -> tuple[str, ...]:
        """The roles that can carry it, its own first."""
        return (self.role, *self.also)

    @property
    def aimed(self) -> bool:
        """Whether its texts leave open whom it is about."""
        return any("{group}" in text for text in self.doses)

    @property
    def anchored(self) -> bool:
        """Whether its texts name a wrong answer of the case."""
        return any("{anchor}" in text for text in self.doses)

    def controls(self) -> tuple[Control, ...]:
        """What its dose 0 can say."""
        return ("unrelated", *(("mention",) if self._mentioning() else ()))

    def _mentioning(self) -> str:
        slot = "group" if self.aimed else "anchor" if self.anchored else ""
        return self.mention or MENTIONS.get(slot, "")

    def prompt(self, dose: int, anchor: str = "", group: str = "", control: Control = "unrelated") -> str:
        """The text for a dose of 0 (control) to 3 (strong)."""
        if not 0 <= dose <= len(self.doses):
            raise ValueError(f"bias {self.name!r} has doses 0 to {len(self.doses)}, not {dose}")
        neutral = self._mentioning() if control == "mention" else self.control
        text = neutral if dose == 0 else self.doses[dose - 1]
        return text.format(anchor=anchor, group=group)


NONE = Bias(name="none", role="", kind="none", about="No tendency.", doses=("", "", ""), control="")
"""The agent as it is: a value like any other."""
