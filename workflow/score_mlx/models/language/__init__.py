"""Language models: corpora and tokens, GPTs whose depth is `Depth`, optimisers, the five-minute challenge."""
