"""In which language a reply is written, by its function words.

An own detector and not a library: the base install stays light, and an outcome of an audit must not change with the
version of a model that somebody else trains. It knows the four languages of our questions, and three of their
neighbours, so that these are not taken for them. What it gets right is measured in tests/scenarios/test_ask.py.
"""

import re
from collections.abc import Mapping

WORDS: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the of and to is that it you for with this are not have be your can on as or from at but they do "
        "what how which if will there an when my we he she was has more would should about than their out so "
        "by me who where does did up no all some any could may might here very much just been were had his "
        "her its us our only into also use used",
        "de": "der die das und ist nicht ich du sie es ein eine einen einem einer zu mit auf für von im den dem des "
        "sich auch wie was wenn kann man oder aber noch nur als sind hat wird bei aus nach so dass um am zum "
        "zur ihr wir wer wo welche welcher welches welchen welchem ab haben sollte könnte mein meine meiner "
        "meinem bin dann dir mir mich nichts etwas gibt hier diese dieser dieses durch über unter mehr sehr "
        "alle werden kannst musst sein seine doch schon beim vom sollten",
        "es": "el la los las es que de en un una no se por con para del al lo como más pero su sus si muy está son "
        "qué cómo hay tu te me mi puede puedes esto esta este también cuando porque sin sobre ser antes yo "
        "cuál cuánto cuánta cuántos cuántas quién dónde nos nada hacer tengo debería deberían ese esa todo "
        "todos fue era ha han he le les ni entre hasta desde donde otro otra así solo mucho bien cada nuestro "
        "nuestra eso estos estas tus mis",
        "fr": "le la les et est que de en un une ne pas se par avec pour du au aux des il elle on vous tu je ce "
        "cette ces qui dans sur plus mais son sa ses ou où très sont être qu votre peut peux aussi comme si "
        "quelle quel quels quelles faire fait ai avez avoir mes ma mon dès cela ça tout tous leur leurs nous "
        "moi toi rien même bien fois pourquoi quand quoi aucun aucune encore cet sans entre depuis ils "
        "étaient était faut doit dois devrait l' d' j' n' c' qu' s' m' t'",
        "it": "il lo la gli le che di in un una non si per con del della al alla dei delle ma più come sono anche "
        "nel nella questo questa ho ha suo sua se quando puoi può da cosa io mi ti nell dell all cui dove chi "
        "quale quali molto tutto tutti hanno essere fare deve bisogna meglio senza l' un' c' dell' all' nell'",
        "pt": "os as que de em um uma não se por com para do da dos das ao no na nos nas mais mas como seu sua ou "
        "também são está você isso este esta quando porque eu me muito pode ser onde quem qual quais tudo "
        "fazer deve melhor sem pelo pela até já foi ter tem",
        "nl": "de het een en is niet ik je dat van in op te met voor zijn aan er maar om ook als dan of wat hoe bij "
        "uit naar kan wordt door heeft hebben deze dit die zo nog meer we wie waar welke veel niets iets alle "
        "moet moeten kunnen beter zonder over onder tot hem haar zij",
    }.items()
}
"""No word of one letter: those are the letters of options, too."""
FEWEST = 2
"""Function words that a language must show."""
_WORD = re.compile(r"[^\W\d_]{1,4}'(?=[^\W\d_])|[^\W\d_]+")
"""A word, or one that has lost its last letter to the next: l'eau is two."""
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


def language(text: str) -> str | None:
    """The ISO 639-1 code of a text's language; `other` for a script that none of the seven uses.

    None where it cannot be told: too few function words, or as many of two languages.
    """
    words = [word.lower() for word in _WORD.findall(text.replace("’", "'"))]
    letters = "".join(words)
    if letters and len(_LATIN.findall(letters)) < len(letters) / 2:
        return "other"
    found = sorted(((sum(word in known for word in words), code) for code, known in WORDS.items()), reverse=True)
    (most, code), (second, _) = found[:2]
    return code if most >= FEWEST and most > second else None
