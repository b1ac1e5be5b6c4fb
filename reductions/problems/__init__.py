"""The problems, one a file: instances, what a witness is, an independent reference solver, files to read and write."""
