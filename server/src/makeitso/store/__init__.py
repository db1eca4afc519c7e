"""What is kept: the journal, the owner lock, output files. IO of ours and nothing else's."""
