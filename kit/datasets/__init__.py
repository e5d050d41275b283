"""Real data on demand: fetched by name, checked byte by byte, never committed."""
