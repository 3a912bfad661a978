"""What is at stake: one scenario a module, with its prompts, cases, roles, protocol and outcome."""
