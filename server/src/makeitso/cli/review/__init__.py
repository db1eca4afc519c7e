"""`mis review`: hunk by hunk on a terminal; lists, marks and lands for scripts."""
