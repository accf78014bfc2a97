"""What a thing shows, once: pure, and below everything that shows it."""
