"""Where the project's files are, found before anything of the package can be imported.

in:  nothing
out: nothing
"""

import os
import subprocess
import tarfile
import tempfile
from pathlib import Path


def project_at(source):
    """The folder of this Snakefile; where another workflow takes it from GitHub as a module, the commit's files unpacked.

    Snakemake then has the repository's database and reads Snakefiles from it, but jobs need the package and the data.
    """
    if not hasattr(source, "hosted_repo"):
        return Path(source)
    database = source.hosted_repo.repo_clone
    commit = source.hosted_repo.repo.git.rev_parse(f"{source.ref}^{{commit}}")
    folder = database.with_name(f"{database.name}-{commit}")
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            packed, files = Path(temporary) / "files.tar", Path(temporary) / "files"
            subprocess.run(["git", f"--git-dir={database}", "archive", f"--output={packed}", commit], check=True)
            with tarfile.open(packed) as archive:
                archive.extractall(files, filter="data")
            os.rename(files, folder)
    return folder
