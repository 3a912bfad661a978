"""Run by vLLM's own interpreter: makes a tiny model that sees, in LLaVA's shape with random weights.

vllm_eyes.py MODEL FOLDER    # MODEL, in Hugging Face's layout, gives the tokenizer
"""

import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer,
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)

SIDE, PATCH, MARK = 28, 14, "<image>"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(source: str, into: str) -> None:
    """Write the model, its tokenizer and its image processor."""
    words = AutoTokenizer.from_pretrained(source)
    words.add_special_tokens({"additional_special_tokens": [MARK]})
    words.chat_template = TEMPLATE
    heads = {"num_hidden_layers": 2, "num_attention_heads": 2}
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, image_size=SIDE, patch_size=PATCH, projection_dim=32, **heads
    )
    ends = {"bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    text = LlamaConfig(
        vocab_size=-(-len(words) // 64) * 64,
        hidden_size=64,
        intermediate_size=128,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        **heads,
        **ends,
    )
    mark = words.convert_tokens_to_ids(MARK)
    chosen = {"vision_feature_select_strategy": "default", "vision_feature_layer": -2}
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(vision_config=vision, text_config=text, image_token_id=mark, image_token_index=mark, **chosen)
    ).float()
    for name, weights in model.named_parameters():
        if "projector" in name or "lm_head" in name or "embed" in name:  # so large that a picture moves what is said
            weights.data = 0.3 * torch.randn_like(weights)
    model.save_pretrained(into)
    _renamed(f"{into}/model.safetensors")
    pixels = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    processor = LlavaProcessor(
        pixels,
        words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=MARK,
        chat_template=TEMPLATE,
    )
    processor.save_pretrained(into)
    words.save_pretrained(into)


def _renamed(file: str) -> None:
    """vLLM 0.32 knows the vision tower's weights by a longer name than transformers 5 writes."""
    short, long = "vision_tower.", "vision_tower.vision_model."
    found = load_file(file)
    save_file(
        {
            name.replace(short, long, 1) if short in name and long not in name else name: each
            for name, each in found.items()
        },
        file,
        {"format": "pt"},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
