"""Graph networks on molecules: one file an architecture, written against the verbs of `topology`."""
