"""One theorem a file; to add one, copy a file, change what it says, and add a line to `registry.py`."""
