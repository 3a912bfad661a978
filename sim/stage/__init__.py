"""One episode on its stage: who is due, what they are asked, what came of it."""
