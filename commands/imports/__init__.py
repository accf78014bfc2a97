"""A file becomes intents: each reader says what it found, what it left out and why."""
