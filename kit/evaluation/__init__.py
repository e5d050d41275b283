"""Is it better, and by how much."""
