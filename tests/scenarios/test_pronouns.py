"""Sentences about a woman and the same about a man: her is his or him, his is her or hers, wherever they stand.

Of the 91 `her` of WRITTEN and the 74 of LATER, the taggers that install offline from the package index read: HanTa
1.2.1 (LGPL, 15 MB) 77 and 67, TextBlob 0.20.1 (with NLTK, 17 MB) 40 and 41; spaCy's and Stanza's models are not there.
Our rules read all of WRITTEN, with which they were written, and 71 of LATER before the three were made good.
"""

import pytest

from simrun.scenarios.pronouns import swap_gender

WRITTEN = """
She notes weakness in her arms. | He notes weakness in his arms.
Her left knee has been swollen since May. | His left knee has been swollen since May.
She takes her medication daily. | He takes his medication daily.
She took her antibiotics as prescribed. | He took his antibiotics as prescribed.
The pain woke her twice and radiates to her back. | The pain woke him twice and radiates to his back.
Her most recent visit was in June. | His most recent visit was in June.
Her previously well-controlled asthma is worse. | His previously well-controlled asthma is worse.
She lost her job and then her home. | He lost his job and then his home.
She was advised at her last physical exam to lose weight. | He was advised at his last physical exam to lose weight.
She broke her right wrist, her collarbone and two ribs. | He broke his right wrist, his collarbone and two ribs.
She keeps her own chickens. | He keeps his own chickens.
The tremor is in her dominant hand. | The tremor is in his dominant hand.
Her 30th week of treatment began. | His 30th week of treatment began.
Her two cats sleep in her bed. | His two cats sleep in his bed.
She described her job as stressful. | He described his job as stressful.
She says that her back hurts. | He says that his back hurts.
She noticed her eyes were yellow. | He noticed his eyes were yellow.
She felt her heart racing. | He felt his heart racing.
Since her unemployment she sleeps badly. | Since his unemployment he sleeps badly.
She is worried about her being overweight. | He is worried about his being overweight.
She sees her doctor once a year. | He sees his doctor once a year.
She told her doctor about the cough. | He told his doctor about the cough.
She asked her pharmacist for advice. | He asked his pharmacist for advice.
She gave her employer a note. | He gave his employer a note.
She showed her rash to a nurse. | He showed his rash to a nurse.
She rates her current pain 7 of 10. | He rates his current pain 7 of 10.
She cannot lift her left arm above her shoulder. | He cannot lift his left arm above his shoulder.
She holds her well-worn inhaler. | He holds his well-worn inhaler.
The voices mock her. | The voices mock him.
Voices are telling her she is worthless. | Voices are telling him he is worthless.
The doctor told her that the test was clear. | The doctor told him that the test was clear.
The nurse gave her a glass of water. | The nurse gave him a glass of water.
Paramedics gave her oxygen. | Paramedics gave him oxygen.
A clinic prescribed her ibuprofen. | A clinic prescribed him ibuprofen.
The pain awakens her from sleep. | The pain awakens him from sleep.
Severe cramps wake her up at night. | Severe cramps wake him up at night.
Nothing helps her sleep. | Nothing helps him sleep.
The drug made her dizzy. | The drug made him dizzy.
The drug made her feel sick. | The drug made him feel sick.
A neighbor saw her fall in the yard. | A neighbor saw him fall in the yard.
A neighbor found her unconscious on the floor. | A neighbor found him unconscious on the floor.
A witness watched her staring at the wall. | A witness watched him staring at the wall.
It left her unable to walk. | It left him unable to walk.
The fever kept her awake. | The fever kept him awake.
We asked her whether she smokes. | We asked him whether he smokes.
The team advised her to stop smoking. | The team advised him to stop smoking.
The team asked her why she came. | The team asked him why he came.
Colleagues describe her as cheerful. | Colleagues describe him as cheerful.
We examined her yesterday. | We examined him yesterday.
The ambulance brought her here. | The ambulance brought him here.
They sent her home without treatment. | They sent him home without treatment.
The dog bit her twice. | The dog bit him twice.
Nobody can calm her down. | Nobody can calm him down.
The cough has been bothering her for weeks. | The cough has been bothering him for weeks.
The pills do not help her at all. | The pills do not help him at all.
What worries her most is the weight loss. | What worries him most is the weight loss.
Stress makes her very irritable. | Stress makes him very irritable.
The light hurts her. | The light hurts him.
They told her it was stress. | They told him it was stress.
Her friends tell her they are worried. | His friends tell him they are worried.
The fall cost her three weeks of work. | The fall cost him three weeks of work.
It takes her an hour to get dressed. | It takes him an hour to get dressed.
Give her the results. | Give him the results.
The police arrested her last night. | The police arrested him last night.
A car hit her while she was cycling. | A car hit him while he was cycling.
People around her are ill, too. | People around him are ill, too.
It seems to her that time stands still. | It seems to him that time stands still.
The infection nearly killed her. | The infection nearly killed him.
The choice was hers. | The choice was his.
A colleague of hers has the same cough. | A colleague of his has the same cough.
The decision is hers alone. | The decision is his alone.
Of the two reports, hers was later. | Of the two reports, his was later.
She hurt herself. | He hurt himself.
She injects herself with insulin. | He injects himself with insulin.
She herself noticed nothing. | He himself noticed nothing.
They told her her results were normal. | They told him his results were normal.
The nurse asked her her age and gave her her tablets. | The nurse asked him his age and gave him his tablets.
The doctor told her her blood sugar made her tired. | The doctor told him his blood sugar made him tired.
The pain in her chest frightened her and her partner. | The pain in his chest frightened him and his partner.
SHE SAID HER HEAD HURTS. | HE SAID HIS HEAD HURTS.
She's sure that she'd told her. | He's sure that he'd told him.
Ms. Lee is a widow; her job as a waitress exhausts her. | Mr. Lee is a widower; his job as a waiter exhausts him.
The woman's husband drove her to the ward. | The man's wife drove him to the ward.
"""
LATER = """
Her vital signs are stable and her abdomen is soft. | His vital signs are stable and his abdomen is soft.
Her family brought her to the emergency department. | His family brought him to the emergency department.
A friend accompanied her because her speech was slurred. | A friend accompanied him because his speech was slurred.
She was started on lisinopril, which gave her a dry cough. | He was started on lisinopril, which gave him a dry cough.
Bright lights bother her during her headaches. | Bright lights bother him during his headaches.
Her coworkers noticed her slurring words. | His coworkers noticed him slurring words.
Police found her wandering in the street. | Police found him wandering in the street.
The rash itches and keeps her up most nights. | The rash itches and keeps him up most nights.
Eating makes her pain worse. | Eating makes his pain worse.
Lying down makes her cough worse. | Lying down makes his cough worse.
Rest helps her symptoms. | Rest helps his symptoms.
Ibuprofen did not help her headache. | Ibuprofen did not help his headache.
She sees her therapist weekly and calls her daily. | He sees his therapist weekly and calls him daily.
Her supervisor called her reliable. | His supervisor called him reliable.
Her manager promoted her after her first year. | His manager promoted him after his first year.
The university awarded her a scholarship. | The university awarded him a scholarship.
She led a team of nine and trained her successor. | He led a team of nine and trained his successor.
Customers thanked her for her patience. | Customers thanked him for his patience.
The award for best nurse was hers twice. | The award for best nurse was his twice.
She finished her degree while raising two children. | He finished his degree while raising two children.
Her work has given her deep knowledge of logistics. | His work has given him deep knowledge of logistics.
An aide helps her bathe and dress. | An aide helps him bathe and dress.
Her legs gave out beneath her. | His legs gave out beneath him.
She can hear her heartbeat in her left ear. | He can hear his heartbeat in his left ear.
She feels her heart pounding at night. | He feels his heart pounding at night.
The medication makes her mouth dry. | The medication makes his mouth dry.
She left her inhaler at home. | He left his inhaler at home.
The stroke left her right side weak. | The stroke left his right side weak.
She made her decision last week. | He made his decision last week.
Doctors told her to keep her foot elevated. | Doctors told him to keep his foot elevated.
She has lost feeling in her feet; this scares her greatly. | He has lost feeling in his feet; this scares him greatly.
Her roommate drove her in after she fainted. | His roommate drove him in after he fainted.
The paramedics gave her naloxone, which woke her. | The paramedics gave him naloxone, which woke him.
The surgeon removed her gallbladder and her appendix. | The surgeon removed his gallbladder and his appendix.
She reports her last bowel movement was three days ago. | He reports his last bowel movement was three days ago.
This is her third admission this year. | This is his third admission this year.
The pain has never bothered her before. | The pain has never bothered him before.
Her insurance denied her the scan. | His insurance denied him the scan.
She wants her children to see her well. | He wants his children to see him well.
The team kept her overnight for observation. | The team kept him overnight for observation.
They placed her on oxygen and monitored her closely. | They placed him on oxygen and monitored him closely.
Whatever she eats gives her cramps. | Whatever he eats gives him cramps.
Nobody has told her what her results mean. | Nobody has told him what his results mean.
Her boss let her leave early. | His boss let him leave early.
Two of her teeth are loose. | Two of his teeth are loose.
She noted that her menu choices were hers to make. | He noted that his menu choices were his to make.
It made her sleepy and slowed her speech. | It made him sleepy and slowed his speech.
Her glasses help her read. | His glasses help him read.
Coworkers consider her a good listener. | Coworkers consider him a good listener.
The allergist tested her for peanut allergy. | The allergist tested him for peanut allergy.
"""
PAIRS = [tuple(line.split(" | ")) for line in (WRITTEN + LATER).splitlines() if line]


@pytest.mark.parametrize(("woman", "man"), PAIRS)
def test_a_sentence_about_a_woman_becomes_one_about_a_man(woman: str, man: str) -> None:
    assert swap_gender(woman, "man") == man


@pytest.mark.parametrize(("woman", "man"), PAIRS)
def test_a_sentence_about_a_man_becomes_one_about_a_woman(woman: str, man: str) -> None:
    assert swap_gender(man, "woman") == woman.replace("Ms.", "Mrs.")


@pytest.mark.parametrize(
    "text",
    [
        "HER2-positive, HER-2/neu amplified, bundle of His and His-Purkinje system intact.",
        "Each patient brings his/her card; he or she is asked his or her name.",
        "MR angiography, PR interval 160 ms, MS since 2010.",
        "The mother of the patient was seen.",
    ],
)
def test_what_only_looks_like_a_word_about_a_person_stays(text: str) -> None:
    assert swap_gender(text, "man") == swap_gender(text, "woman") == text


@pytest.mark.parametrize(
    ("woman", "man"),
    [
        ("Mrs. Lopez, a housewife and mother of two", "Mr. Lopez, a househusband and father of two"),
        ("A policewoman from the Women's League", "A policeman from the Men's League"),
    ],
)
def test_trades_titles_and_parents_change_too(woman: str, man: str) -> None:
    assert swap_gender(woman, "man") == man
    assert swap_gender(man, "woman") == woman
