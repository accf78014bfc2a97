"""An export is a projection for other programs: journals, OCDS releases, the log itself. Text comes out, in pieces."""
