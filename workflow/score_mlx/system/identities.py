"""How `Noise` names atoms, bonds and pairs of a batch: shared by batches, kernels and the check of molecules.

Atom a of molecule m is m * ATOM_STRIDE + a, bond b is m * BOND_STRIDE + b, the pair of atoms i and j is
(m * MOST_ATOMS + i) * MOST_ATOMS + j, all as uint32.
"""

ATOM_STRIDE = 4096
BOND_STRIDE = 8192
MOST_ATOMS = 512  # of a molecule; larger ones are refused
