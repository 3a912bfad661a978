"""What a stated diagnosis commits to, and whether that is a case's disease: by its names alone, without a judge.

What is denied or merely weighed is taken out; a cause, a consequence and a site belong to the disease before them; what
is left names one disease, or several. A name is the same in any order, spelling and number of its words. Side, pace,
stage and severity may be added or left out, and may not be contradicted.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from simrun.scenarios.clinic.naming import compared, contradicts, known, named, place, staged, symptom, together
from simrun.scenarios.clinic.words import folded

Verdict = Literal["same", "different", "uncommitted"]
"""One of the names; another disease, or none; several diseases, or one that is only weighed."""

_SHORT = (
    (re.compile(r"\br/o\b"), "rule out"),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bc/w\b|\bw/"), "with "),
    (re.compile(r"\bs/p\b"), "after"),
    (re.compile(r"\band/or\b"), "or"),
    (re.compile(r"\s-+\s"), ", "),
    (re.compile(r"\b(?:icd[\w -]*)?[a-z]\d\d\.\w+"), " "),
    (re.compile(r"[。]"), ". "),
    (re.compile(r"[、،]"), ","),
    (re.compile(r"[*_`#\"“”«»]+"), " "),
    (re.compile(r"(?m)^ *(?:[-•●▪]|\(?[1-9a-e]\)) *"), "\n"),
)
_NUMBERED = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s")
_LABEL = re.compile(r"^[\w /'-]{0,60}(?:diagnos[ie]s|impression|assessment|answer|conclusion|dx)[\w ]{0,30}[:=]\s*")
_LEAD = re.compile(
    r"^\s*(?:i|we|this|it|that|there|you|he|she|they|my|our|your|his|her|the|patient|these|findings)\b[^,;\n]{0,60}?"
    r"\b(?:is|are|has|have|be|think|believe|suspect|diagnose|favou?r|suggests?|indicates?)\b(?: that)?"
)
_WEIGHS = re.compile(
    r"\b(?:rul(?:e|ing)[ -]out|(?:must|to) exclude|exclude|(?:can ?not|can't|could not|couldn't)(?: be)?"
    r"(?: completely| entirely)? (?:excluded?|ruled? out)|consider(?:ing|ed)?|differentials?|ddx|alternatives?|"
    r"alternatively|versus other|work-?up|not (?:yet )?(?:excluded|ruled out))\b"
)
"""Says of what follows, or of what stands before it alone, that it is possible beside something else."""
_DENIES = re.compile(
    r">|\b(?:anything but|everything but|all but|no(?: \w+)? (?:of|for)|absence of|negative for|rather than|instead of|"
    r"as opposed to|in place of|other than|except|excluding|excludes|more likely than|less likely|unlikely|"
    r"improbable|history of|risk (?:of|for)|denies|neither|nor|not|no|isn't|wasn't|doesn't|never|over)"
    r"(?!\w)(?! otherwise)"
)
"""Says of what follows that it is not so."""
_BUT = re.compile(r"(?<!\banything )(?<!\beverything )(?<!\ball )\bbut(?: rather)?\b")
_REJECTS = re.compile(
    r"\b(?:ruled[ -]out|excluded|unlikely|improbable|less likely|(?:is|was) not (?:present|likely|supported)|absent|"
    r"negative|disproved|rejected)\b\s*[.!]?\s*$"
)
"""Says of what stands before it that it is not so."""
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_SENTENCES = re.compile(r"[\n;]|(?<=[\w)]{3}[.!?])\s+(?=\S)|(?<=\d[.!?])\s+(?=\S)")
_EITHER = re.compile(r"\bvs\b\.?|\bversus\b")
_JOINS = re.compile(r"\s*(?:vs|versus|or|and|&|/|\+)(?!\w)")
_ALSO = re.compile(r"\b(?:or|and|plus|as well as|along with|nor)\b|[/&+|]")
_TAIL = re.compile(
    r"\b(?:with|without|due to|secondary to|caused by|because of|owing to|resulting from|from|following|after|during|"
    r"complicat(?:ed by|ing)|(?:provoked|triggered|precipitated|induced) by|"
    r"attributable to|onset|associated with|presenting|manifesting|requiring|leading to|causing|in(?! situ)|on|at|as|"
    r"affecting|involving|over|that|which)\b"
)
"""What follows is a cause, a consequence, a site or a circumstance of the disease before it."""
_TAILS = 3
"""How many of them a name can have of its own."""
_TALK = re.compile(
    r"\b(?:i|we|you|is|are|was|has|have|should|will|would|can|start|begin|give|treat|prescribe|refer|recommend|"
    r"because|given|based|please|needs?|supported|explains?|no|next|plan|treatment)\b"
)
"""A sentence about a diagnosis, and no name."""
_INVERTED = re.compile(r"\s*\S*(?:al|ic|ous|ary|ed|ive|ing|ar|oid|'s?)[ .]*$")
"""One adjective or possessor, which belongs to the name before its comma."""


class Piece(NamedTuple):
    """A part of what is committed to, as it was written."""

    text: str
    apart: bool = False
    """Whether more than a comma sets it apart from the piece before it."""
    within: bool = False
    """Whether it stands in brackets after the piece before it."""


def verdict(said: str, names: Sequence[str]) -> Verdict:
    """Whether a stated diagnosis is the disease of these names, the first of which is the case's own."""
    return _verdict(said, tuple(names))


@lru_cache(maxsize=4096)
def _verdict(said: str, names: tuple[str, ...]) -> Verdict:
    gold, plain = known(names), _plain(said)
    if compared(plain, gold):
        return "same"
    pieces, weighs = _committed(plain)
    groups = _grouped(pieces)
    if not groups:
        return "uncommitted" if weighs else "different"
    if contradicts(together(piece.text for piece in pieces), gold):
        return "different" if len(groups) == 1 else "uncommitted"
    if all(any(compared(text, gold) for text in _readings(group)) for group in groups):
        return "same"
    if not any(piece.apart for piece in pieces[1:]) and compared(" ".join(piece.text for piece in pieces), gold):
        return "same"
    return "different" if len(groups) == 1 else "uncommitted"


def same(said: str, names: Sequence[str]) -> bool:
    """Whether a text names this disease and commits to no other."""
    return verdict(said, names) == "same"


def _plain(said: str) -> str:
    plain = "\n".join(" ".join(line.split()) for line in folded(said).split("\n") if line.strip())
    if _NUMBERED.match(plain):
        plain = _NUMBERED.sub("\n", plain)
    for pattern, other in _SHORT:
        plain = pattern.sub(other, plain)
    return _LABEL.sub("", plain.strip())


def _committed(plain: str) -> tuple[tuple[Piece, ...], bool]:
    """What a folded text commits to, and whether it weighs something else."""
    pieces, weighs = list[Piece](), False
    for sentence in filter(str.strip, _SENTENCES.split(plain)):
        found, weighed = _said(_LABEL.sub("", sentence.strip()), pieces)
        weighs |= weighed
        # of what comes after the diagnosis, a sentence that tells of it or of what to do is no further diagnosis
        if not (pieces and _TALK.search(sentence)):
            pieces += found
    return tuple(pieces), weighs


def _said(sentence: str, before: list[Piece]) -> tuple[list[Piece], bool]:
    """What a sentence commits to, and whether it weighs something; where it only denies, it takes back what stands
    before it."""
    found, weighing, denied = list[Piece](), False, False
    for clause, within in _clauses(sentence):
        asserted, weighed = _asserted(clause)
        if (weighing and not within) or (denied and within and named(asserted)):
            continue
        denied = asserted != clause or bool(_tail(clause))  # what is in brackets then is said of that
        weighing |= weighed
        if named(asserted) or (asserted == clause and asserted.strip()):
            found += _pieces(asserted, not found, within)
        elif not weighed and not named(_REJECTS.sub("", _DENIES.sub("", clause))) and (found or before):
            _take_back(found or before)  # `X (ruled out)`, `X: no`
        elif weighed and not named(_WEIGHS.sub("", clause)) and found and within:
            _take_back(found)  # `X (rule out)`
    return found, weighing


def _take_back(pieces: list[Piece]) -> None:
    """The last piece, with its other names in brackets."""
    while pieces.pop().within and pieces:
        pass


def _clauses(sentence: str) -> list[tuple[str, bool]]:
    """What stands between commas and colons, and, marked so, in brackets."""
    found, at = list[tuple[str, bool]](), 0
    for bracket in _BRACKETS.finditer(sentence):
        inner = re.split("[,:]", bracket[1])
        found += [(part, False) for part in re.split("[,:]", sentence[at : bracket.start()])]
        found += [(part, len(inner) == 1) for part in inner]
        at = bracket.end()
    found += [(part, False) for part in re.split("[,:]", sentence[at:])]
    return [(part, within) for part, within in found if part.strip(" .")]


def _asserted(clause: str) -> tuple[str, bool]:
    """What of a clause is said to be so, and whether it weighs anything."""
    if weighs := _WEIGHS.search(clause):
        before, after = clause[: weighs.start()], clause[weighs.end() :]
        # `X cannot be excluded` weighs what stands before it
        return ("" if named(before) and not named(after) else before), True
    if _REJECTS.search(clause):
        return "", False
    kept = list[str]()
    for part in _BUT.split(clause):
        denies = _DENIES.search(part)
        kept.append(part[: denies.start()] if denies else part)
    return " ".join(kept), False


def _pieces(clause: str, first: bool, within: bool) -> list[Piece]:
    """The diseases of a clause: a cause, a site and the like belong to the one before them."""
    if not first and (tail := _TAIL.search(clause)) and not named(clause[: tail.start()]):
        return []  # `X, likely due to Y`
    found = list[Piece]()
    apart = first or bool(_JOINS.match(clause))
    for part in map(_led, _EITHER.split(clause)):
        tail = _tail(part)
        each = [text for text in _ALSO.split(part[: tail.start()] if tail else part) if text.strip(" .")]
        # with one disease the tail may be part of its name
        for text in [part] if len(each) == 1 else each:
            found.append(Piece(text, apart, within and not apart))
            apart = True
    return found


def _led(text: str) -> str:
    """Without `I think that this is`."""
    for _ in range(3):
        if not (lead := _LEAD.match(text)):
            break
        text = text[lead.end() :]
    return text


def _tail(text: str) -> re.Match[str] | None:
    """Where a cause, a site or the like begins: after something that is named."""
    at = 0
    for tail in _TAIL.finditer(text):
        if named(text[at : tail.start()]):
            return tail
        at = tail.end()
    return None


def _grouped(pieces: Sequence[Piece]) -> list[list[str]]:
    """The diseases that are committed to, each with its other names and qualifiers; a symptom beside them is none."""
    groups = list[list[str]]()
    for piece in pieces:
        if not named(piece.text) or (groups and not piece.apart and staged(piece.text)):
            continue
        if groups and piece.within:
            groups[-1].append(piece.text)
        elif groups and not piece.apart and (place(piece.text) or _INVERTED.match(piece.text)):
            groups[-1] = [f"{piece.text} {text}" for text in groups[-1]]
        else:
            groups.append([piece.text])
    diseases = [group for group in groups if not symptom(group[0]) or _tail(group[0])]
    return diseases or groups


def _readings(group: Sequence[str]) -> list[str]:
    """What a disease with its other names may be called: each of them, with and without a cause or a site, and all
    together. A mere symptom is called by its cause."""
    found = [*group, " ".join(group)]
    for text in group:
        if tail := _tail(text):
            later = islice(_TAIL.finditer(text, tail.end()), _TAILS)
            found += [text[: each.start()] for each in (tail, *later)]
            found += [text[tail.end() :]] * symptom(text[: tail.start()])
        if " of " in text:
            found.append(text.partition(" of ")[0])
    return found
