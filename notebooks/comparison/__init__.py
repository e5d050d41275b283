"""One job in three libraries: a typed record from a clinical note, through any OpenAI-compatible server."""
