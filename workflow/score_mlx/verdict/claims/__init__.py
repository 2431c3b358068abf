"""The claims of the paper's text: one file a topic, each claim a function of `Evidence` registered by its id.

The words of a claim (what it states, what decides it, what would refute it) are an entry of the same id in
data/paper/claims.yaml.
"""
