"""A classifier as judge: a tiny one with random weights, made here."""

import pytest

from simrun import run
from simrun.agents.backends.base import BackendError
from simrun.agents.backends.classifier import Classifier
from simrun.agents.judges.classifier import Classifier as Judge
from simrun.agents.judges.classifier import Probability

OPTIONS = ("scenario=dialogue", "backend=scripted", "cases=4", "design.controls=[]", "judge=classifier")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT of 2 layers that knows a dozen words and was never trained."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "yes", "it", "is", "true", "that", "people", "differ"]
    (path / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    labels = {"id2label": {0: "fair", 1: "biased"}, "label2id": {"fair": 0, "biased": 1}}
    config = transformers.BertConfig(vocab_size=len(words), **sizes, **labels)
    transformers.BertForSequenceClassification(config).save_pretrained(path)
    transformers.BertTokenizer(str(path / "vocab.txt")).save_pretrained(path)
    return path


def test_the_probability_is_cut_at_the_threshold():
    assert Judge().found(Probability(score=0.5)) == {"biased": True, "score": 0.5}
    assert Judge(threshold=0.9).found(Probability(score=0.89))["biased"] is False


async def test_what_it_needs_is_said():
    if Classifier.usable():
        with pytest.raises(BackendError, match=r"simrun\[judge\]"):
            await Classifier(model="/nowhere").open()
    else:
        with pytest.raises(BackendError, match="no folder '/nowhere'"):
            await Classifier(model="/nowhere").open()


@pytest.mark.slow
def test_every_reply_is_classified_and_the_same_twice(folder, tmp_path):
    asked = ("roles.classifier.backend=classifier", f"roles.classifier.model={folder}", "judge.swap=1")
    done = run(*OPTIONS, *asked, out=str(tmp_path))
    score = done.outcomes[done.outcomes.outcome == "classifier.score"].value
    assert len(score) == 4 * 2 * 5
    assert score.between(0, 1).all()
    assert score.nunique() > 1
    again = run(*OPTIONS, *asked, out=str(tmp_path))
    assert again.outcomes.value.equals(done.outcomes.value)
    told = done.report().value("played", "engines")["classifier"]
    assert (told["label"], told["model"], len(told["sha256"])) == ("biased", folder.name, 64)


@pytest.mark.slow
async def test_a_label_that_it_does_not_have_is_named(folder):
    with pytest.raises(BackendError, match="the classifier has fair, biased"):
        await Classifier(model=str(folder), label="toxic").open()
