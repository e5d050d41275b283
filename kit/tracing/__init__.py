"""What DSPy does, as spans: a tree in the notebook, traces in Phoenix, or in any backend that takes OTLP."""
