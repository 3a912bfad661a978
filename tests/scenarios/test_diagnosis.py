"""Which stated diagnoses are a case's disease, which are another, and which commit to none."""

import json
from pathlib import Path

import pytest

from simrun.scenarios.clinic.bank import load
from simrun.scenarios.clinic.diagnosis import same, verdict
from simrun.scenarios.clinic.words import folded

MEDQA = Path(__file__).parents[2] / ".." / "shared" / "data" / "clinic" / "agentclinic_medqa.jsonl"

BELL = ("Bell palsy", "Bell's palsy", "idiopathic facial palsy")
EMBOLISM = ("Pulmonary embolism", "PE", "pulmonary thromboembolism")
CDIFF = ("Clostridioides difficile infection", "C. difficile infection", "CDI")
PNEUMONIA = ("Community-acquired pneumonia", "pneumonia", "CAP")
CELLULITIS = ("Cellulitis of the leg", "cellulitis")
ELBOW = ("Septic arthritis of the elbow", "septic arthritis")
MANIA = ("Bipolar I disorder, current manic episode", "bipolar I disorder")
BPPV = ("Benign Paroxysmal Positional Vertigo (BPPV)",)
STROKE = ("Acute ischemic stroke", "ischemic stroke", "stroke")

SAME = [
    # spelling, order, number, marks
    (BELL, "Bell palsy"),
    (BELL, "BELL'S PALSY."),
    (BELL, "bells palsy"),
    (BELL, "Bells' palsy"),
    (BELL, "Bell´s palsy"),
    (BELL, "palsy, Bell's"),
    (BELL, "**Bell's palsy**"),
    (BELL, "- Bell palsy"),
    (BELL, "“Bell palsy”"),
    (BELL, "Ｂｅｌｌ　ｐａｌｓｙ"),
    (BELL, "Bell\u00a0palsy"),
    (BELL, "Bell\u200b palsy\u2028"),
    (EMBOLISM, "embolism, pulmonary"),
    (EMBOLISM, "pulmonary embolus"),
    (EMBOLISM, "pulmonary emboli"),
    (EMBOLISM, "Embolism of the lung"),
    (EMBOLISM, "PE"),
    (CDIFF, "Clostridium difficile infection"),
    (CDIFF, "C difficile infection"),
    (CDIFF, "infection, Clostridioides difficile"),
    (("Hemorrhoids",), "haemorrhoid"),
    (("Oesophageal carcinoma",), "esophageal carcinoma"),
    (("Iron deficiency anemia",), "iron-deficiency anaemia"),
    (("Necrotizing fasciitis",), "necrotising fasciitis"),
    (("Phyllodes tumor",), "phyllodes tumour"),
    (("Liver abscess",), "hepatic abscesses"),
    (("Deep vein thrombosis",), "deep vein thromboses"),
    (("Kidney stone",), "renal calculi"),
    (("Subarachnoid hemorrhage",), "subarachnoid bleed"),
    (("Progressive multifocal leukoencephalopathy",), "progressive multifocal leucoencephalopathy"),
    (("Diabetic ketoacidosis",), "diabetic keto-acidosis"),
    (("Non-Hodgkin lymphoma",), "non Hodgkin's lymphoma"),
    (("Guillain–Barré syndrome",), "Guillain-Barre syndrome"),
    (("Guillain-Barré syndrome",), "Guillain‑Barré syndrome"),
    (("Legg-Calvé-Perthes disease (LCPD)",), "Legg–Calve–Perthes"),
    (("Sjögren syndrome",), "Sjogren's syndrome"),
    (("Sjögren syndrome",), "Sjoegren syndrome"),
    (("Henoch-Schönlein purpura",), "Henoch Schoenlein purpura"),
    (("Ménière disease",), "Meniere's disease"),
    (("Ménière disease",), "Me\u0301nie\u0300re disease"),
    (("Behçet's disease",), "Behcet disease"),
    (("β-thalassemia",), "beta thalassaemia"),
    (("Beta-thalassemia",), "β‑thalassemia"),
    (("α₁-antitrypsin deficiency",), "alpha-1 antitrypsin deficiency"),
    (("Œdema of the larynx",), "oedema of the larynx"),
    (("Amœbic dysentery",), "amoebic dysentery"),
    (("Inﬂuenza",), "influenza"),
    (("贝尔麻痹",), "贝尔麻痹"),
    (("Синдром Гийена — Барре",), "синдром Гийена-Барре"),
    (("बेल पाल्सी",), "बेल पाल्सी"),
    (("شلل بيل",), "شلل بيل"),
    (("ベル麻痺",), "ﾍﾞﾙ麻痺"),
    # numbers and types
    (("Type 2 diabetes mellitus",), "T2DM"),
    (("Type 2 diabetes mellitus",), "diabetes mellitus type II"),
    (("Type 1 diabetes",), "diabetes, type 1"),
    (("Bipolar I disorder",), "bipolar 1 disorder"),
    (("Complete heart block", "third-degree AV block"), "3rd-degree AV block"),
    # abbreviations and synonyms, in brackets and not
    (BELL, "idiopathic facial palsy (Bell palsy)"),
    (BELL, "Bell palsy (idiopathic facial palsy)"),
    (BELL, "Bell's palsy, idiopathic facial palsy"),
    (BELL, "Bell palsy (CN VII)"),
    (BPPV, "BPPV"),
    (BPPV, "benign paroxysmal positional vertigo"),
    (BPPV, "Benign paroxysmal positional vertigo (BPPV)"),
    (EMBOLISM, "the pulmonary embolism (PE)"),
    (("Diffuse large B-cell lymphoma",), "DLBCL"),
    (("Diffuse large B-cell lymphoma",), "diffuse large B cell lymphoma (DLBCL)"),
    (("Pelvic inflammatory disease",), "PID"),
    (PNEUMONIA, "Pneumonia (community-acquired)"),
    (PNEUMONIA, "pneumonia, community acquired"),
    # hedges
    (BELL, "probably Bell palsy"),
    (BELL, "Bell palsy?"),
    (BELL, "?Bell palsy"),
    (BELL, "suspected Bell palsy"),
    (BELL, "most likely Bell palsy rather than stroke"),
    (BELL, "Bell palsy, not a stroke"),
    (BELL, "not stroke but Bell palsy"),
    (BELL, "Bell palsy (stroke ruled out)"),
    (BELL, "Stroke ruled out, Bell palsy"),
    (BELL, "Bell palsy is more likely than stroke"),
    (BELL, "Bell palsy; differential: stroke, Lyme disease"),
    (BELL, "Bell palsy, consider Lyme disease"),
    (BELL, "consistent with Bell palsy"),
    (BELL, "I think this is Bell palsy."),
    (BELL, "The most likely diagnosis is Bell's palsy"),
    (BELL, "Final diagnosis: Bell palsy"),
    (BELL, "You have Bell palsy."),
    (BELL, "1. Bell palsy"),
    (BELL, "Bell palsy. Start prednisone."),
    (BELL, "Bell palsy > stroke"),
    (BELL, "favor Bell palsy over stroke"),
    (BELL, "Bell palsy (ICD-10 G51.0)"),
    (BELL, "Definitely Bell's palsy; this explains the droop"),
    # cause, consequence, site, side, pace, severity, stage
    (BELL, "Acute left-sided Bell palsy, severe"),
    (BELL, "Bell’s palsy—left"),
    (BELL, "Bell palsy – right"),
    (BELL, "Bell palsy (House-Brackmann grade IV)"),
    (BELL, "Bell palsy of the left side of the face"),
    (BELL, "Bell palsy due to HSV or VZV"),
    (BELL, "Bell palsy secondary to herpes simplex"),
    (BELL, "Bell palsy, with facial synkinesis as a complication"),
    (BELL, "Bell palsy without complications"),
    (BELL, "Facial weakness due to Bell palsy"),
    (BELL, "Bell palsy, facial weakness"),
    (EMBOLISM, "Pulmonary embolism with right heart strain"),
    (EMBOLISM, "bilateral pulmonary emboli"),
    (EMBOLISM, "massive PE, provoked by surgery"),
    (EMBOLISM, "Pulmonary embolism, likely secondary to DVT"),
    (BELL, "Bell palsy, House-Brackmann grade 4"),
    (("Acute pancreatitis",), "pancreatitis"),
    (("Acute pancreatitis",), "Acute pancreatitis (severe) caused by gallstones"),
    (CELLULITIS, "left leg cellulitis"),
    (CELLULITIS, "cellulitis"),
    (ELBOW, "septic arthritis, left elbow"),
    (MANIA, "Bipolar I disorder, current manic episode, severe"),
    (("Chronic kidney disease",), "chronic kidney disease stage 3"),
    (("Lung cancer",), "cancer of the lung"),
    (("Migraine without aura",), "migraine without aura"),
    (("Acute on chronic liver failure",), "acute-on-chronic liver failure"),
    (("Left renal colic",), "renal colic"),
]

DIFFERENT = [
    (BELL, ""),
    (BELL, "?"),
    (BELL, "palsy"),
    (BELL, "Bell"),
    (BELL, "cerebral palsy"),
    (BELL, "stroke"),
    (BELL, "not Bell palsy"),
    (BELL, "This is not Bell palsy."),
    (BELL, "no evidence of Bell palsy"),
    (BELL, "Bell palsy (ruled out)"),
    (BELL, "Bell palsy, ruled out"),
    (BELL, "Bell palsy is unlikely"),
    (BELL, "Bell palsy: unlikely"),
    (BELL, "Bell palsy? No."),
    (BELL, "anything but Bell palsy"),
    (BELL, "everything but Bell's palsy"),
    (BELL, "neither stroke nor Bell palsy"),
    (BELL, "stroke rather than Bell palsy"),
    (BELL, "stroke, not Bell palsy"),
    (BELL, "stroke instead of Bell palsy"),
    (BELL, "stroke (Bell palsy less likely)"),
    (BELL, "stroke (not Bell palsy)"),
    (BELL, "stroke; differential: Bell palsy"),
    (BELL, "stroke, consider Bell palsy"),
    (BELL, "history of Bell palsy"),
    (BELL, "Ramsay Hunt syndrome with Bell palsy"),
    (BELL, "stroke complicated by Bell palsy"),
    (BELL, "Ramsay Hunt syndrome"),
    (EMBOLISM, "fat embolism"),
    (EMBOLISM, "septic pulmonary embolism"),
    (EMBOLISM, "low probability of pulmonary embolism"),
    (EMBOLISM, "PE unlikely, pneumonia"),
    (BELL, "stroke > Bell palsy"),
    (BELL, "Bell palsy was excluded by MRI"),
    (BELL, "not consistent with Bell palsy"),
    (BELL, "doubt Bell palsy"),
    (("Vitamin B12 deficiency",), "vitamin B6 deficiency"),
    (EMBOLISM, "pulmonary"),
    (EMBOLISM, "pulmonary hypertension due to pulmonary embolism"),
    (CDIFF, "Clostridium perfringens infection"),
    (CDIFF, "C. diphtheriae infection"),
    (PNEUMONIA, "hospital-acquired pneumonia"),
    (PNEUMONIA, "aspiration pneumonia"),
    (CELLULITIS, "cellulitis of the arm"),
    (CELLULITIS, "arm cellulitis"),
    (ELBOW, "septic arthritis of the knee"),
    (ELBOW, "septic arthritis, knee"),
    (MANIA, "Bipolar II disorder"),
    (BPPV, "vestibular neuritis"),
    (BPPV, "benign paroxysmal torticollis"),
    (("Type 1 diabetes",), "type 2 diabetes"),
    (("Type 2 diabetes mellitus",), "T1DM"),
    (("Diabetes mellitus",), "diabetes insipidus"),
    (("Hepatitis A",), "hepatitis B"),
    (("Hepatitis A",), "hepatitis"),
    (("Hepatitis",), "hepatitis A"),
    (("Hemophilia A",), "hemophilia B"),
    (("Influenza A",), "influenza B"),
    (("Group A streptococcal pharyngitis",), "group B streptococcal pharyngitis"),
    (("β-thalassemia",), "α-thalassemia"),
    (("Beta thalassemia",), "alpha thalassemia"),
    (("Alpha-1 antitrypsin deficiency",), "α2-antitrypsin deficiency"),
    (("Hypothyroidism",), "hyperthyroidism"),
    (("Hypokalemia",), "hyperkalaemia"),
    (("Hodgkin lymphoma",), "non-Hodgkin lymphoma"),
    (("Small cell lung cancer",), "non-small cell lung cancer"),
    (("Left renal colic",), "right renal colic"),
    (("Left-sided pneumothorax",), "pneumothorax, right"),
    (("Bilateral pneumothorax",), "left pneumothorax"),
    (("Right heart failure",), "left heart failure"),
    (("Acute pancreatitis",), "chronic pancreatitis"),
    (("Chronic bronchitis",), "acute bronchitis"),
    (("Chronic bronchitis",), "bronchitis"),
    (("Acute lymphoblastic leukemia",), "chronic lymphocytic leukemia"),
    (("Acute myeloid leukemia",), "chronic myeloid leukemia"),
    (("Chronic myeloid leukemia",), "myeloid leukemia"),
    (("Acute respiratory distress syndrome",), "neonatal respiratory distress syndrome"),
    (("Migraine with aura",), "migraine without aura"),
    (("Migraine without aura",), "migraine with aura"),
    (("Primary hypothyroidism",), "secondary hypothyroidism"),
    (("Primary biliary cholangitis",), "primary sclerosing cholangitis"),
    (("Cushing syndrome",), "Cushing disease"),
    (("Crohn disease",), "ulcerative colitis"),
    (("Viral meningitis",), "bacterial meningitis"),
    (("Mild asthma",), "severe asthma"),
    (("Lupus nephritis class II",), "lupus nephritis class IV"),
    (("Stage I melanoma",), "melanoma stage III"),
    (("Multiple endocrine neoplasia type 1",), "multiple endocrine neoplasia type 2"),
    (("Second-degree heart block",), "third-degree heart block"),
    (("Factor V Leiden",), "factor VIII deficiency"),
    (("Asthma",), "cardiac asthma"),
    (("Tuberculosis",), "latent tuberculosis"),
    (("Hypertension",), "pulmonary hypertension"),
    (("贝尔麻痹",), "脑卒中"),
    (("Синдром Гийена",), "синдром Рейно"),
    (("बेल पाल्सी",), "बाल पाल्सी"),
    (("C. difficile colitis",), "ischemic colitis"),
    (("Hernia (inguinal)",), "hernia (femoral)"),
    (("Hernia (inguinal)",), "inguinal"),
    (STROKE, "hemorrhagic stroke"),
    (STROKE, "heat stroke"),
]

UNCOMMITTED = [
    (BELL, "stroke, Bell palsy, Lyme disease"),
    (BELL, "Bell palsy, stroke, Lyme disease, tumour"),
    (BELL, "Bell palsy or stroke"),
    (BELL, "either stroke or Bell palsy"),
    (BELL, "Bell palsy vs stroke"),
    (BELL, "Bell palsy versus Lyme disease"),
    (BELL, "Bell palsy/stroke"),
    (BELL, "Bell palsy / stroke"),
    (BELL, "Bell palsy and stroke"),
    (BELL, "Bell palsy & Lyme disease"),
    (BELL, "Bell palsy + stroke"),
    (BELL, "Bell palsy; stroke"),
    (BELL, "Bell palsy, stroke"),
    (BELL, "Stroke. Bell palsy. Lyme disease."),
    (BELL, "1. Bell palsy\n2. Stroke\n3. Lyme disease"),
    (BELL, "1) stroke 2) Bell palsy"),
    (BELL, "- Bell palsy\n- stroke"),
    (BELL, "Bell palsy\u2028stroke"),
    (BELL, "Bell palsy (or stroke)"),
    (BELL, "Bell palsy (vs. stroke)"),
    (BELL, "Bell palsy、stroke"),
    (BELL, "probably Bell palsy or a stroke"),
    (BELL, "rule out Bell palsy"),
    (BELL, "r/o Bell palsy"),
    (BELL, "Bell palsy cannot be excluded"),
    (BELL, "stroke, Lyme disease"),
    (BELL, "Bell palsy, possible stroke"),
    (BELL, "it could be Bell palsy or Lyme disease"),
    (BELL, "differential includes Bell palsy and stroke"),
    (EMBOLISM, "I cannot exclude a pulmonary embolism"),
    (EMBOLISM, "pulmonary embolism or pneumonia"),
    (EMBOLISM, "PE and pneumonia"),
    (PNEUMONIA, "pneumonia, heart failure"),
    (CDIFF, "C. difficile infection vs viral gastroenteritis"),
]

TABLE = [
    *((*row, "same") for row in SAME),
    *((*row, "different") for row in DIFFERENT),
    *((*row, "uncommitted") for row in UNCOMMITTED),
]


@pytest.mark.parametrize(("names", "said", "expected"), TABLE, ids=[f"{names[0]}-{said}" for names, said, _ in TABLE])
def test_what_is_said_is_held_against_a_disease(names, said, expected):
    assert verdict(said, names) == expected


def test_half_of_the_table_must_not_be_the_same():
    assert len(TABLE) >= 150
    assert len(DIFFERENT) + len(UNCOMMITTED) >= len(TABLE) / 2
    assert len({(row[0], row[1]) for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("case", load("")[0], ids=lambda case: case.id)
def test_every_name_of_our_cases_is_its_disease_and_no_other_cases(case):
    assert all(same(name, case.truths()) for name in case.truths())
    others = [other for other in load("")[0] if other.id != case.id]
    assert not [(name, other.id) for other in others for name in case.truths() if same(name, other.truths())]
    assert not [name for name in case.truths() if same(name, (case.anchor,))]
    assert not same(case.anchor, case.truths())


KEEPS = (
    "{}", "probably {}", "Most likely {} rather than malaria", "1. {}", "Diagnosis: {}.", "{} (malaria ruled out)",
    "{}; differential: malaria, typhoid fever", "I think this is {}.", "**{}**", "{}, not malaria", "{} with fever",
    "{} due to an infection", "My diagnosis is: {}",
)  # fmt: skip
LOSES = (
    "{} or malaria", "malaria, {}, typhoid fever", "{} vs malaria", "1. {}\n2. malaria", "anything but {}", "not {}",
    "{} (ruled out)", "no evidence of {}", "malaria rather than {}", "{}/malaria", "rule out {}", "history of {}",
    "malaria", "{} and malaria", "malaria due to {}", "{}\nmalaria", "malaria (not {})", "{} is excluded",
)  # fmt: skip


@pytest.mark.skipif(not MEDQA.is_file(), reason=f"no {MEDQA}")
def test_what_is_said_around_the_golds_of_another_file():
    golds = [
        json.loads(line)["OSCE_Examination"]["Correct_Diagnosis"] for line in MEDQA.read_text("utf-8").splitlines()
    ]
    assert len(golds) == 107
    spelled = (str, str.upper, str.lower, lambda gold: gold.replace("-", "–"), lambda gold: gold.replace("’", "'"))
    wrong = [
        text
        for gold in golds
        for text in (form.format(spell(gold)) for form in KEEPS for spell in spelled)
        if verdict(text, (gold,)) != "same"
    ]
    assert wrong == []
    assert [form.format(gold) for gold in golds for form in LOSES if same(form.format(gold), (gold,))] == []


@pytest.mark.skipif(not MEDQA.is_file(), reason=f"no {MEDQA}")
def test_of_the_golds_of_another_file_only_those_are_one_that_are():
    golds = {json.loads(line)["OSCE_Examination"]["Correct_Diagnosis"] for line in MEDQA.open(encoding="utf-8")}
    pairs = {frozenset((one, other)) for one in golds for other in golds if one != other and same(other, (one,))}
    assert pairs == {
        frozenset(("Hirschsprung disease", "Hirschsprung’s disease")),
        frozenset(("Benign Paroxysmal Positional Vertigo (BPPV)", "Benign paroxysmal positional vertigo")),
        # the file's own slip, whose abbreviation is right
        frozenset(("Progressive multifocal leukoencephalopathy", "Progressive multifocal encephalopathy (PML)")),
    }


def test_a_greek_letter_alone_is_its_name_and_a_greek_word_is_kept():
    assert folded("λ, µ and ς") == " lambda ,  mu  and  sigma "
    assert folded("Παράλυση") == "παραλυση"


@pytest.mark.parametrize(
    "part",
    [*"() /éα\n", "not ", "no ", "stroke, ", "vs ", "diagnosis ", "with ", "pain due to ", "1. ", "a. ", "excluded ",
     "but ", "I think ", "- ", "of ", "rule out ", "Bell palsy (", "stroke or ", "Bell palsy (ruled out) "],
)  # fmt: skip
def test_a_diagnosis_of_any_length_is_held_against_the_names(part):
    # a quadratic reader would take minutes
    assert verdict(part * (60_000 // len(part)) + "x", BELL) in ("same", "different", "uncommitted")
