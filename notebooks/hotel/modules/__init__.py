"""What dspy-cli serves: each public `dspy.Module` in this folder becomes an endpoint of its name."""
