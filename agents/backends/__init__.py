"""What answers a chat: one module a backend, each with one class whose `name` is the module's name."""
