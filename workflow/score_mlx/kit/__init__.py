"""Training on a borrowed machine: packed here, run there without network and within a time limit, brought back."""
