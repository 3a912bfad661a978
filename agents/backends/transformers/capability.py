"""What a model loses of its language while it is steered: how well it still foresees plain sentences."""

import math
from collections.abc import Callable, Sequence

from simrun.agents.backends.transformers.decoding import Decoder
from simrun.agents.backends.transformers.hooks import Push

SENTENCES = (
    "The train from the north was twenty minutes late, and the people on the platform had begun to look at their "
    "watches.",
    "Water boils at a lower temperature on a mountain, so that an egg takes longer there than at the coast.",
    "She put the letter back into its envelope, wrote the new address on it and took it to the post office.",
    "A dictionary lists the words of a language in alphabetical order and says what each of them means.",
    "After the storm the road to the village was closed, because two trees had fallen across it.",
    "If you add three to seven and take away four, what is left is six.",
    "The museum is open every day but Monday; on Sundays it closes an hour earlier.",
    "Bread is made of flour, water, salt and yeast, and it has to rise before it is baked.",
)
"""Our own: about nobody, and of no case."""


def perplexity(decoder: Decoder, encode: Callable[[str], Sequence[int]], push: Push | None) -> float:
    """Of the sentences, a token a term: exp(-mean log-probability of each token after those before it), 1 at best.

    Lower is better; a model that has lost its language goes into the thousands.
    """
    logs = [log for sentence in SENTENCES for log in decoder.foreseen(encode(sentence), push)]
    return math.exp(-sum(logs) / len(logs))
