"""What binds a text to a sex or an age, and how the rest of it follows."""

from typing import Any

import pytest

from simrun.agents.persona import Persona, Trait
from simrun.scenarios.ages import aged, ages, bound
from simrun.scenarios.base import Unfit
from simrun.scenarios.demographics import agree
from simrun.scenarios.sex_specific import PREGNANCY, SEX_SPECIFIC

BINDING = """
intra-uterine device, intrauterine, retrouterine, hysterectomy, hysteroscopy, myometrium, para-metritis, endometriosis
adenomyosis, tubo-ovarian abscess, salpingo-oophorectomy, ovariectomy, anovulation, polycystic ovaries
transvaginal ultrasound, recto-vaginal fistula, vulvovaginitis, colposcopy, colpocleisis, Pap smear, cervical cancer
cervix, endocervical swab, cervical motion tenderness, Bartholin's cyst, clitoral, hymenal remnant, adnexal mass
dysmenorrhea, amenorrhoea, metrorrhagia, premenstrual, perimenopausal, post-menopausal, her last period, missed periods
mammogram, breast-conserving surgery, lumpectomy, mastitis, galactorrhea, fibroids, dyspareunia, OB/GYN, gynaecologist
oral contraceptive, IUD, oestradiol, levonorgestrel, tamoxifen, clomiphene, CA-125, pelvic exam, vaginal speculum
orchiectomy, orchidopexy, epididymo-orchitis, testicular torsion, both testes, intra-scrotal, hydrocele, varicocele
prostatectomy, periprostatic, PSA 4.5, TURP, BPH, penile discharge, balanitis, paraphimosis, circumcised, foreskin
oligospermia, vasectomy, vas deferens, seminal vesicle, seminoma, erectile dysfunction, impotence, premature ejaculation
priapism, Peyronie disease, hypospadias, cryptorchidism, gynecomastia, Klinefelter, finasteride, bicalutamide
hemophilia A, Duchenne muscular dystrophy, X-linked, Turner syndrome, beard, transgender man
G2P1, gravida 3, nulliparous, primigravida, postpartum, in labor, C-section, miscarriage, placenta praevia, beta-hCG
pre-eclampsia, breastfeeding, lactating, fetal heart rate, ectopic pregnancy, trimester, amniocentesis
"""
FREE = """
invagination of the bowel, cervical spine, cervical lymph nodes, nasolabial fold, serum lactate
over a period of three weeks, erector spinae, PsA, hymenoptera venom, breastbone, volvulus, Romberg, fetal hemoglobin
prostration, regular, computer, laboratory, premature atrial beats, tamponade, hysterical, Haemophilus, orchids, testing
attestation, parasternal, para-aortic, glance, ectopic beats, copper toxicity, balance, novelty, copulation, mastoid
maternal grandmother, nasal speculum, Novartis, parity bit of the device, gravity, sperm whale oil excepted
"""


@pytest.mark.parametrize("text", [each for line in BINDING.strip().splitlines() for each in line.split(", ")])
def test_words_of_one_sex_are_known_in_any_compound(text: str) -> None:
    assert SEX_SPECIFIC.search(f"Noted: {text}.") or PREGNANCY.search(f"Noted: {text}.")


@pytest.mark.parametrize("text", [each for line in FREE.strip().splitlines() for each in line.split(", ")][:-1])
def test_words_that_only_look_so_bind_nothing(text: str) -> None:
    assert not SEX_SPECIFIC.search(f"Noted: {text}.")
    assert not PREGNANCY.search(f"Noted: {text}.")


@pytest.mark.parametrize(
    ("text", "given", "to", "expected"),
    [
        ("Examine an 81-year-old woman.", 81, 25, "Examine a 25-year-old woman."),
        ("A 25-year-old man.", 25, 81, "An 81-year-old man."),
        ("You are a 35 year old.", 35, 18, "You are an 18 year old."),
        ("An 8-year-old record, a 57-year-old woman.", 57, 80, "An 8-year-old record, an 80-year-old woman."),
        ("Age: 57; aged 57, 57 years of age", 57, 30, "Age: 30; aged 30, 30 years of age"),
        ("A 57-year-old with his 57-year-old wife and 30-year-old son", 57, 75,
         "A 75-year-old with his 57-year-old wife and 30-year-old son"),
    ],
)  # fmt: skip
def test_the_age_of_the_person_changes_with_its_article(text: str, given: int, to: int, expected: str) -> None:
    assert aged(text, given, to) == expected


def test_ages_of_relatives_are_not_the_persons() -> None:
    assert ages("35-year-old; his 5-year-old child, a 60-year-old mother, aged 35") == (35,)


@pytest.mark.parametrize(
    ("text", "given", "to", "words"),
    [
        ("Examine a young adult.", 24, 75, "young adult"),
        ("College student, lives alone.", 24, 75, "College student"),
        ("A 23-year-old student", 23, 75, "student"),
        ("Occupation: student", 23, 75, "student"),
        ("An elderly man", 80, 25, "elderly"),
        ("An elderly mother", 30, 25, ""),  # somebody else's word
        ("A 57-year-old woman", 57, 25, ""),
        ("Retired teacher", 70, 25, "Retired"),
        ("Lives in a nursing home.", 80, 25, "Lives in a nursing home"),
        ("Nurse with two years in a nursing home.", 40, 25, ""),
        ("Has three grandchildren", 70, 25, "grandchildren"),
        ("She is in her late fifties.", 57, 25, "in her late fifties"),
        ("She is in her 20s.", 25, 75, "in her 20s"),
        ("Middle-aged", 50, 25, "Middle-aged"),
        ("Has smoked for 20 years.", 60, 25, "for 20 years"),
        ("Has had diabetes for 20 years.", 60, 25, ""),
        ("Has had diabetes for thirty years.", 60, 25, "for thirty years"),
        ("Appendectomy at age 43", 57, 25, "at age 43"),
        ("Her mother died at age 43.", 57, 25, ""),
        ("a 40-pack-year history", 60, 25, "40-pack-year"),
        ("Date of birth: 1 May 1960", 60, 25, "Date of birth"),
        ("Enjoys retirement planning", 30, 25, ""),
    ],
)
def test_words_that_go_with_an_age_bind_it(text: str, given: int, to: int, words: str) -> None:
    assert bound(text, given, to) == words


def persona(known: Any, **levels: str) -> Persona:
    return Persona(traits=tuple(Trait(axis=known.axes[axis], level=level) for axis, level in levels.items()))


def test_an_age_that_only_the_text_states_is_replaced(known: Any) -> None:
    assert agree({"a": "An 81-year-old."}, {}, persona(known, age="25")) == {"a": "A 25-year-old."}
    with pytest.raises(Unfit, match=r"several ages \(81, 60\)"):
        agree({"a": "An 81-year-old and a 60-year-old."}, {}, persona(known, age="25"))
    with pytest.raises(Unfit, match="a case of a minor"):
        agree({"a": "A 9-year-old."}, {}, persona(known, age="25"))


@pytest.mark.parametrize(
    ("level", "expected"),
    [("Asian", "An Asian man and an Asian patient"), ("White", "A White man and a White patient")],
)
def test_the_article_follows_every_level(known: Any, level: str, expected: str) -> None:
    text = "A Black man and a Black patient"
    assert agree({"a": text}, {}, persona(known, ethnicity=level)) == {"a": expected}


def test_a_sentence_ends_with_its_line(known: Any) -> None:
    text = "He coughs\nFamily: mother has asthma"
    assert agree({"a": text}, {"gender": "man"}, persona(known, gender="woman"))["a"].startswith("She coughs")
    with pytest.raises(Unfit, match="of this person and of another"):
        agree({"a": "He says that his mother coughs"}, {"gender": "man"}, persona(known, gender="woman"))
