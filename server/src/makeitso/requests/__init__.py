"""What each `mis/*` request does: one file a resource, free of any editor protocol.

Front doors validate, call `dispatch.answer`, and put the result on their wire.
"""
