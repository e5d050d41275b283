"""What DSPy does, as spans: a tree in the notebook, or traces in any backend that takes OTLP."""
