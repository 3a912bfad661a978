"""From the text that an engine returned to what was said: thoughts, decisions and refusals. Every reader takes time
linear in the length of a reply."""
