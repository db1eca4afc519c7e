"""Prompts: packaged text and inputs become the exact text that is sent, and its digest."""
