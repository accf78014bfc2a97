"""The read models: that rows follow the log, whichever way they were made, and that a rebuild is safe to run."""
