"""Learning with its hands on the disk: the pass over kept output, canaries, applying, taking back.

What is judged is judged in `learning`, which is pure; what is kept is kept in `store`.
"""
