"""What a library does not know yet becomes suggestions: mined, typed, proved and gated.

Pure: lines in, proposals with figures out. No IO, no clock, no randomness; the order of the lines
does not matter. Lines are data from workers: what is learned from them is text and expressions in
linear time, and nothing in it is ever run.
"""
