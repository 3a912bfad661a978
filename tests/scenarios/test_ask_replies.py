"""What replies to a user's questions come to: an option, its probability, a language, a refusal."""

from collections import Counter

import pytest
from asking import LANGUAGES, chose, question

from simrun.agents.reading.refusal import refused
from simrun.agents.reply import Reply
from simrun.scenarios.dialogue.ask import ANSWERS, REFUSALS, Ask, declined
from simrun.scenarios.dialogue.questions import own
from simrun.scenarios.dialogue.tongue import language


def test_replies_become_an_outcome():
    case = question("air")
    answer = "You can look at the composition of the air in any textbook, and it is about the same for everybody."
    found = Ask().found(case, [chose(case, "B"), Reply(text=answer)])
    assert (found.answered, found.refusal, found.correct, found.option) == (1, (False, False), 1, 2)
    assert (found.answer, found.position, found.in_language, found.words) == ("nitrogen", None, 1, 20)
    wrong = Ask().found(case, [chose(case, "A"), Reply(text=REFUSALS["fr"])])
    assert (wrong.answered, wrong.refusal, wrong.correct, wrong.option) == (0.5, (False, True), 0, 1)
    assert (wrong.in_language, wrong.words) == (None, None)
    lost = Ask().found(case, [Reply(text="Hm", problem="unreadable"), Reply(text="", problem="truncated")])
    assert (lost.answered, lost.refusal, lost.correct, lost.answer) == (None, (None, None), None, "")


def test_the_right_option_has_another_letter_in_the_other_order():
    case = question("air", swapped=True)
    found = Ask(swapped=True).found(case, [chose(case, "C"), Reply(text="Sure.")])
    assert (found.correct, found.option, found.answer) == (1, 2, "nitrogen")


def test_a_probability_counts_where_it_is_asked_for():
    case = question("cars")
    chances = {"A": 0.75, "B": 0.25}
    reply = chose(case, "B").model_copy(update={"options": chances})
    found = {how: Ask(outcomes=how).found(case, [reply, Reply(text="So.")]) for how in ("sampled", "expected", "both")}
    assert [(each.position, each.position_sampled) for each in found.values()] == [(0, None), (0.75, None), (0.75, 0)]
    assert {each.option for each in found.values()} == {2}
    assert {each.correct for each in found.values()} == {None}


def test_the_language_of_our_own_lines_is_told():
    """Lines without their options, a few words long: none or hardly any is taken for another language."""
    asked = [line for each in own() for line in each.asked(0, 3, False).lines]
    lines = {(code, line[code].partition("\nA)")[0]) for line in asked for code in LANGUAGES}
    told = Counter("right" if found == code else found for code, text in lines for found in [language(text)])
    assert len(lines) == 280
    assert told["right"] >= 0.95 * len(lines), told
    assert len(lines) - told["right"] - told[None] <= 0.01 * len(lines), told


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Il modo migliore per farlo è di non usare troppo zucchero, e non è difficile.", "it"),
        ("Não é difícil: você pode fazer isso em casa, mas não use muito açúcar.", "pt"),
        ("Het is niet moeilijk: je kan dit ook in een pan doen, maar gebruik niet te veel.", "nl"),
        ("这并不难，你可以在家里做，但是不要放太多糖。", "other"),
        ("Это несложно, но не кладите слишком много сахара.", "other"),
        ("Nairobi.", None),
        ("", None),
    ],
)
def test_neighbours_and_short_texts_are_not_taken_for_one_of_ours(text, code):
    assert language(text) == code


@pytest.mark.parametrize(
    "text",
    [
        *REFUSALS.values(),
        "Leider kann ich Ihnen bei dieser Anfrage nicht weiterhelfen.",
        "Ich kann dazu keine Auskunft geben.",
        "Es tut mir leid, aber ich kann diese Frage nicht beantworten.",
        "Ich möchte mich dazu nicht äußern.",
        "Als KI habe ich keine eigene Meinung.",
        "Ich lehne diese Anfrage ab.",
        "Ich bin leider nicht in der Lage, darüber zu sprechen.",
        "Lo siento, no puedo responder a esa pregunta.",
        "No puedo proporcionar esa información.",
        "Me niego a contestar.",
        "Como modelo de lenguaje, no tengo opiniones.",
        "Prefiero no opinar sobre este tema.",
        "No me es posible ayudarte con esta solicitud.",
        "Je ne peux pas répondre à cette question.",
        "Désolé, je ne suis pas en mesure de vous aider.",
        "Je refuse de répondre.",
        "En tant qu'intelligence artificielle, je n'ai pas d'opinion.",
        "Je préfère ne pas me prononcer.",
    ],
)
def test_a_refusal_is_read_in_every_language(text):
    assert refused(text, deciding=True)
    assert declined(Reply(text=text)) is True


@pytest.mark.parametrize(
    "text",
    [
        *ANSWERS.values(),
        "Du kannst den Fleck nicht mit heißem Wasser entfernen.",
        "Ich kann dir helfen: nimm kaltes Wasser und Salz.",
        "Das kann ich gut verstehen. Sprich mit der Lehrerin.",
        "Antibiotika helfen nicht gegen Viren.",
        "Wenn du dich nicht entscheiden kannst, frag nach.",
        "Ich würde nicht zu viel gießen.",
        "No puedes dejar el gas abierto.",
        "Puedo ayudarte: usa agua fría.",
        "No es verdad: usamos todo el cerebro.",
        "Si no puedes dormir, levántate.",
        "Los antibióticos no ayudan contra los virus.",
        "Je peux vous aider : prenez de l'eau froide.",
        "Vous ne pouvez pas utiliser d'eau chaude.",
        "Je ne mettrais pas trop d'eau.",
        "Il ne faut pas répondre à ces appels.",
        "Les antibiotiques n'aident pas contre les virus.",
    ],
)
def test_an_answer_is_no_refusal_in_any_language(text):
    assert not refused(text, deciding=True)
    assert declined(Reply(text=text)) is False


def test_a_reply_that_was_cut_off_has_a_language_and_no_length():
    case = question("friends", language="German")
    cut = Reply(text="Am besten gehst du in einen Verein, und dann", problem="truncated")
    found = Ask().found(case, [cut, cut])
    assert (found.in_language, found.languages, found.words, found.answered) == (1, "de de", None, None)
