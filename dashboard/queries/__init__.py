"""The read side: one function per page, frozen dataclasses out, no HTTP in here."""
