"""One number for each family of numbers that this project computes.

Raise a family's number when a change of code changes what it computes: Snakemake then computes that family, and what
follows from it, again. Leave it alone for a comment, a faster way to the same values or a clearer message. The golden
tests fail when values moved while the number stayed.
"""

SCIENCE = {
    "data": 1,  # rows kept and dropped, canonical SMILES, the NCI stand-in's choice and labels
    "features": 1,  # atom and bond features
    "descriptors": 1,  # the 217 RDKit descriptors
    "folds": 1,  # assignment of molecules to folds
    "graphs": 1,  # architectures, depth, readout, head, training protocol
    "dense": 1,  # the MLP and SCORE-MLP of Table 1, their training protocol
    "shap": 1,  # which descriptors are chosen
    "classical": 1,  # how the libraries' models are called
    "corpora": 1,  # how texts are cleaned and cut into tokens
    "language": 1,  # GPTs, their optimisers, training protocol, generated text
}

# How a reader's own file is read, divided and described. The built-in data sets do not depend on it, so it is no part
# of SCIENCE: raising it computes again what was computed from such files, and nothing else.
OWN_DATA = 1

# What is computed before a family: molecules' families, but texts for language models.
MOLECULES = ("data", "features", "descriptors", "folds")
BEFORE = {"language": ("corpora",)}

# Whose release may change a family's values. Read from the installed metadata, so a dry-run imports none of them.
PACKAGES = {
    "data": ("rdkit",),
    "features": ("rdkit",),
    "descriptors": ("rdkit",),
    "folds": ("scikit-learn",),
    "graphs": ("mlx", "numpy"),
    "dense": ("mlx", "numpy"),
    "shap": ("catboost", "shap"),
    "classical": ("catboost", "xgboost", "lightgbm", "scikit-learn"),
    "corpora": ("numpy", "tiktoken", "rustbpe"),
    "language": ("mlx", "numpy"),
}


def versions(family: str) -> dict[str, str]:
    """The installed version of each package that computes `family`, `missing` where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for package in PACKAGES[family]:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found
