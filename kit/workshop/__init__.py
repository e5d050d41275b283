"""The workshop: the command line, lessons and their recordings, JupyterLab, and a room for a class."""
