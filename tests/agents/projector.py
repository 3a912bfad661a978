"""A tiny vision encoder with random weights for llama.cpp, in the shape of LLaVA's: what it sees means nothing, but
another picture is other numbers."""

from pathlib import Path

import gguf
import numpy as np

EPSILON = 1e-5
SMOLLM2_WIDTH = 576
IMAGE, PATCH, HIDDEN, INNER, HEADS, LAYERS = 28, 14, 32, 64, 2, 1
KEY = "clip.vision"


def write(path: Path, width: int = SMOLLM2_WIDTH) -> Path:
    """A projector into a model whose embeddings have `width` numbers: 4 patches an image, so 4 tokens."""
    made = gguf.GGUFWriter(path, "clip")
    made.add_type("mmproj")
    made.add_bool("clip.has_vision_encoder", True)
    made.add_string("clip.projector_type", "mlp")
    made.add_bool("clip.use_gelu", True)
    sizes = {"image_size": IMAGE, "patch_size": PATCH, "embedding_length": HIDDEN, "feed_forward_length": INNER}
    sizes |= {"projection_dim": width, "block_count": LAYERS, "attention.head_count": HEADS}
    for name, size in sizes.items():
        made.add_uint32(f"{KEY}.{name}", size)
    made.add_float32(f"{KEY}.attention.layer_norm_epsilon", EPSILON)
    made.add_array(f"{KEY}.image_mean", [0.5] * 3)
    made.add_array(f"{KEY}.image_std", [0.5] * 3)
    rng = np.random.default_rng(1)
    for name, shape in _tensors(width).items():
        made.add_tensor(name, (0.3 * rng.standard_normal(shape)).astype(np.float32))
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    return path


def _tensors(width: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "v.patch_embd.weight": (HIDDEN, 3, PATCH, PATCH),
        "v.class_embd": (HIDDEN,),
        "v.position_embd.weight": ((IMAGE // PATCH) ** 2 + 1, HIDDEN),
    }
    square = {f"attn_{part}": (HIDDEN, HIDDEN) for part in ("q", "k", "v", "out")}
    layer = {**square, "ffn_up": (INNER, HIDDEN), "ffn_down": (HIDDEN, INNER), "ln1": (HIDDEN,), "ln2": (HIDDEN,)}
    parts = {f"v.blk.{number}.{name}": shape for number in range(LAYERS) for name, shape in layer.items()}
    for name, shape in {**parts, "v.pre_ln": (HIDDEN,), "mm.0": (HIDDEN, HIDDEN), "mm.2": (width, HIDDEN)}.items():
        found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return found
