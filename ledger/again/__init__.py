"""History is decided again: what was recorded is put to the same decisions once more, and must follow from them."""
