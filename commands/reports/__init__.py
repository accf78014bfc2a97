"""The reports, one module each: a question to the read models, the promised JSON, and a table for people."""
