"""What an optimizer will run, step by step, before it runs."""
