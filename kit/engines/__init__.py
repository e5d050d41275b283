"""Which model answers: profiles and roles, the offline engine, recordings."""
