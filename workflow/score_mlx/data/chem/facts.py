"""What is known of the built-in data sets, which prepared files are held to; importing this loads nothing else."""

# For ESOL the paper prints a range of [-8.057, 1.071], which no copy of the data has.
FACTS: dict[str, dict[str, float]] = {
    "esol": {"rows": 1128, "lowest target": -11.6, "highest target": 1.58, "distinct molecules": 1117},
    "freesolv": {"rows": 642, "lowest target": -25.47, "highest target": 3.43, "distinct molecules": 642},
    "lipo": {"rows": 4200, "lowest target": -1.5, "highest target": 4.5, "distinct molecules": 4200},
}
