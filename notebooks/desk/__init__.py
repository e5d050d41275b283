"""The help desk's package: a program, and the module that dspy-cli serves."""
