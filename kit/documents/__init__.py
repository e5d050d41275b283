"""Documents: files become pages of text and pictures, and pictures become text for models that cannot see."""
