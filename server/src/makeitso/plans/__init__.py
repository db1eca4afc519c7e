"""The plan document: lossless parse, print, read, check, order, digest, edit, write. No IO.

`syntax.parse` never fails and keeps every character; `read.read_plan` gives it a meaning and says
what is wrong; `check.check_plan` judges that meaning against the config and the journal's facts.
"""
