"""What is said in a review: rules and questions, each in three wordings that ask the same."""

from typing import Literal

Chairing = Literal["inclusive", "authoritarian", "conformist"]

REVIEWS = (
    "You review submissions to a scientific venue. Judge each on what stands in it: whether its methods support its "
    "claims, whether it is new, and whether it is clear. {scale}",
    "A scientific venue has asked you to review. Of every submission you say whether the claims follow from the "
    "methods, what is new in it and how clearly it is written, going by its text alone. {scale}",
    "Your task is to referee papers for a scientific venue. What counts is the text in front of you: are the claims "
    "borne out by the methods, is there something new, is it clearly written? {scale}",
)
CHAIRS = (
    "You chair a scientific venue. Reviewers assess the submissions, their authors may answer, and you sum up what "
    "speaks for and against each paper.",
    "In this task you are the chair of a scientific venue: papers are reviewed, authors answer, and of each paper you "
    "write what there is to be said for it and against it.",
    "A scientific venue has you as its chair. When reviewers have assessed a paper and its authors have answered, you "
    "weigh up its strong and weak points.",
)
AUTHORS = (
    "You wrote the paper below and answer its reviewers.",
    "The paper below is yours. You reply to those who review it.",
    "Below is a paper of your own, to whose reviews you respond.",
)
SCALE = "Scores are {steps}; the highest is the best, and of your confidence the surest."
UNSCORED = "There are no scores: say in words what you think."
PAPER = "[Submission]\n{paper}"

DESK = (
    '(Is this submission worth reviewing at all? Answer as JSON: {"review": true/false, "why": "..."}.)',
    '(Should this submission be sent to reviewers? Answer as JSON: {"review": true/false, "why": "..."}.)',
    '(Does it make sense to have this submission reviewed? Answer as JSON: {"review": true/false, "why": "..."}.)',
)
REVIEW = (
    '(Write your review now, as JSON: {{"summary": "...", "strengths": "...", "weaknesses": "...", "questions": "..."'
    "{scores}}}.)",
    '(Please give your review, as JSON: {{"summary": "...", "strengths": "...", "weaknesses": "...", '
    '"questions": "..."{scores}}}.)',
    '(It is time for your review. Write it as JSON: {{"summary": "...", "strengths": "...", "weaknesses": "...", '
    '"questions": "..."{scores}}}.)',
)
SCORES = ', "overall": n, "soundness": n, "novelty": n, "clarity": n, "confidence": n'
DRAFT = (
    "(Before this review is sent: is every weakness tied to a place in the paper{scores}, and is its tone fair? Write "
    "the final review, in the same form.)",
    "(Read your review once more before it goes out: does every weakness name its place in the paper{scores}, and is "
    "it fair in tone? Then write the review that is sent, in the same form.)",
    "(This is still a draft. Check that each weakness points to a place in the paper{scores}, and that the tone is "
    "fair; then write the review as it shall be sent, in the same form.)",
)
BORNE_OUT = (
    ", is every score borne out by what you wrote",
    ", does what you wrote bear out every score",
    ", that each score follows from what you wrote",
)
"""Of a draft with scores."""
REBUT = (
    "(In one to three sentences, answer the review by {reviewer}.)",
    "(Reply in one to three sentences to what {reviewer} wrote of your paper.)",
    "(What do you answer to the review of your paper by {reviewer}? Write one to three sentences.)",
)
REVISE = (
    "(Write what you have changed in the paper after the reviews, in at most five sentences.)",
    "(In at most five sentences, say what you have changed in the paper since it was reviewed.)",
    "(Which changes have you made to the paper after its reviews? Write at most five sentences.)",
)
OTHERS = "The other reviews of this paper:\n{reviews}"
OPEN = (
    "(The discussion of this paper begins. Say to its reviewers, in one to three sentences, what they should discuss.)",
    "(You open the discussion of this paper: in one to three sentences, tell its reviewers what to talk about.)",
    "(What should the reviewers of this paper discuss now? Tell them, in one to three sentences.)",
)
DISCUSS = (
    "(Say in one to three sentences, for the others to read, what you make of this paper now.)",
    "(In one to three sentences, tell the others what you think of this paper by now.)",
    "(What do you think of this paper now? Write one to three sentences to the others.)",
)
AGAIN = (
    '(Give your overall score now, after all that you have read, as JSON: {"overall": n, "why": "..."}.)',
    '(You have read all of it: which overall score do you give now? Answer as JSON: {"overall": n, "why": "..."}.)',
    '(What is your overall score now that you have read everything? Write JSON: {"overall": n, "why": "..."}.)',
)
META = (
    '(Sum up {subject}, and say what you would decide, as JSON: {{"summary": "...", "accept": true/false, '
    '"reasons": [one to three of: {reasons}]}}.)',
    '(Write a summary of {subject} and whether you would accept the paper, as JSON: {{"summary": "...", '
    '"accept": true/false, "reasons": [one to three of: {reasons}]}}.)',
    '(What is there to say of {subject}, and would you accept the paper? Write JSON: {{"summary": "...", '
    '"accept": true/false, "reasons": [one to three of: {reasons}]}}.)',
)
SUBJECTS: dict[Chairing, str] = {
    "inclusive": "this paper and what was said of it",
    "authoritarian": "this paper",
    "conformist": "what was said of this paper",
}
"""What a chair sums up, which is what it has read."""


def called(reviewer: str) -> str:
    """What the others call a reviewer: `Reviewer 2`."""
    return reviewer.replace("_", " ").capitalize()
