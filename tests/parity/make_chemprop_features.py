"""Writes fixtures/chemprop_rigr.json: what Chemprop's own RIGR featuriser makes of a few molecules.

Run where Chemprop 2.2 or later is installed: python tests/parity/make_chemprop_features.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from chemprop.featurizers.atom import RIGRAtomFeaturizer
from chemprop.featurizers.bond import RIGRBondFeaturizer
from chemprop.featurizers.molgraph import SimpleMoleculeMolGraphFeaturizer
from rdkit import Chem

SMILES = [
    "C",
    "CO",
    "C1CC1",
    "[U]",
    "[NH4+]",
    "S(F)(F)(F)(F)(F)F",  # more neighbours than the one-hot knows
    "[UH6]",  # more hydrogens
    "OC(=O)c1ccccc1I",
    "C[Se]C#N",
    "F/C=C/[C@H](Cl)Br",
    "[O-][N+](=O)c1ccc2[nH]cc(CC[NH3+])c2c1",
    "[2H]C([2H])O",  # hydrogens that are atoms
    "C[Si](C)(C)B(O)O",
]


def features(smiles: str) -> dict:
    """Per atom the slots that are set and the mass; per directed bond its two atoms and its features."""
    featurize = SimpleMoleculeMolGraphFeaturizer(RIGRAtomFeaturizer(), RIGRBondFeaturizer())
    graph = featurize(Chem.MolFromSmiles(smiles))
    atoms = np.asarray(graph.V, dtype=float)
    ends = np.asarray(graph.edge_index).T.tolist()
    return {
        "atom_dim": atoms.shape[1],
        "slots": [np.flatnonzero(row[:-1]).tolist() for row in atoms],
        "mass": [round(value, 6) for value in atoms[:, -1].tolist()],
        "bonds": [[*pair, *row] for pair, row in zip(ends, np.asarray(graph.E).astype(int).tolist(), strict=True)],
    }


if __name__ == "__main__":
    content = {
        "versions": {name: version(name) for name in ("chemprop", "rdkit")},
        "molecules": {smiles: features(smiles) for smiles in SMILES},
    }
    path = Path(__file__).parent / "fixtures" / "chemprop_rigr.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(content, indent=1)
    path.write_text(text.replace("\n     ", " ").replace("\n    ]", " ]") + "\n", encoding="utf-8")
