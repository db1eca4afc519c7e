"""The workspace on disk: config, trust, secrets, git, files, and where everything lives."""
