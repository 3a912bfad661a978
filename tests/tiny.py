"""A Llama of 3 blocks and 32 numbers a position, with random weights and words of its own, made in a second."""

from pathlib import Path

import pytest

TEMPLATE = (
    "{% for message in messages %}<s>{{ message['role'] }}: {{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant: {% endif %}"
)
WIDTH, LAYERS = 32, 3


def made(path: Path, seed: int = 0, width: int = WIDTH) -> Path:
    """The folder of such a model, as `save_pretrained` writes it."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE({each: at for at, each in enumerate(["<s>", "</s>", *letters])}, []))
    words.pre_tokenizer, words.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    words.add_special_tokens(["<s>", "</s>"])
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "chat_template": TEMPLATE}
    transformers.PreTrainedTokenizerFast(tokenizer_object=words, **marks).save_pretrained(path)
    torch.manual_seed(seed)
    sizes = {"hidden_size": width, "intermediate_size": 64, "num_hidden_layers": LAYERS, "num_attention_heads": 4}
    config = transformers.LlamaConfig(
        vocab_size=len(letters) + 2, max_position_embeddings=8192, bos_token_id=0, eos_token_id=1, **sizes
    )
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    return path
