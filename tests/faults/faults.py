"""What can go wrong while a project runs, each done to it for real."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from project import Project, jobs

DAY = 86400


class Faults:
    """Strikes a running project; which kinds are possible depends on the machine.

    Attributes:
        kinds: name -> what strikes the process given.
        impossible: name -> why this machine cannot have it.
        project: what is struck; its folder lies on a small file system of its own where that is possible.
    """

    def __init__(self, project: Project, rng: random.Random, megabytes: int):
        self.project, self.rng = project, rng
        self.kinds: dict[str, Callable[[subprocess.Popen], None]] = {
            "snakemake": lambda process: os.kill(process.pid, signal.SIGKILL),
            "job": self._kill_a_job,
            "both": lambda process: os.killpg(process.pid, signal.SIGKILL),
            "clock": self._jump,
        }
        self.impossible: dict[str, str] = {}
        project.folder.mkdir(parents=True)
        refusal = _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", project.folder)
        if refusal:
            self.impossible["disk-full"] = f"no small file system can be made here ({refusal})"
        else:
            self.kinds["disk-full"] = self._fill
        trial = project.folder / "trial"
        trial.mkdir()
        if not (refusal := _freeze(trial)):
            _unmount(trial)
            self.kinds["read-only"] = self._remount
        elif not _binding(trial):
            self.impossible["read-only"] = f"permissions do not bind this user, and {refusal}"
        else:
            self.kinds["read-only"] = self._forbid
        trial.rmdir()

    def close(self) -> None:
        """Ends what still runs and takes the small file system away."""
        self.project.kill_all()
        for place in (self.project.results, self.project.folder):
            if place.is_mount():
                _unmount(place)
        shutil.rmtree(self.project.folder, ignore_errors=True)

    def _kill_a_job(self, process: subprocess.Popen) -> None:
        """SIGKILL to one computation; Snakemake deals with it and comes to its own end."""
        while process.poll() is None:
            running = jobs(process.pid)
            if running:
                os.kill(self.rng.choice(running), signal.SIGKILL)
                break
            time.sleep(0.05)
        self._end(process, seconds=None)

    def _fill(self, process: subprocess.Popen) -> None:
        """No byte left on the disk for a while, then the end of all processes, then room again."""
        ballast = self.project.folder / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(2**16))
        except OSError:
            self._end(process, self.rng.uniform(0, 8))
        finally:
            ballast.unlink(missing_ok=True)

    def _remount(self, process: subprocess.Popen) -> None:
        """Nothing can be written under `results` for a while, then the end of all processes."""
        results = self.project.results
        results.mkdir(exist_ok=True)
        patience = time.monotonic() + 5
        while refusal := _freeze(results):  # busy: a job has opened a file for writing between the two mounts
            if time.monotonic() > patience:
                raise OSError(refusal)
            time.sleep(0.05)
        self._end(process, self.rng.uniform(0, 8))
        _unmount(results)

    def _forbid(self, process: subprocess.Popen) -> None:
        """As `_remount`, by permissions, where they bind this user."""
        results = self.project.results
        results.mkdir(exist_ok=True)
        folders = [results, *(path for path in results.rglob("*") if path.is_dir())]
        _permit(folders, 0o500)
        self._end(process, self.rng.uniform(0, 8))
        _permit(folders, 0o700)

    def _jump(self, process: subprocess.Popen) -> None:
        """The clock jumps: all that was written so far is suddenly days older or younger than what comes."""
        days = self.rng.uniform(0.5, 3) * self.rng.choice([-1, 1])
        for path in self.project.folder.rglob("*"):
            try:
                now = path.stat().st_mtime
                os.utime(path, (now + days * DAY,) * 2)
            except FileNotFoundError:
                continue  # a temporary file that has taken its place meanwhile
        self._end(process, self.rng.uniform(0, 8))

    def _end(self, process: subprocess.Popen, seconds: float | None) -> None:
        """Its own end, or after so many seconds that of its whole process group."""
        try:
            process.wait(seconds if seconds is not None else 600)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _permit(folders: list[Path], mode: int) -> None:
    """Gives the folders that are still there this mode; a job may take its own away meanwhile."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            folder.chmod(mode)


def _binding(folder: Path) -> bool:
    """Whether this user may write only where permissions say so, which root as a rule need not heed."""
    folder.chmod(0o500)
    try:
        (folder / "written").touch()
    except PermissionError:
        return True
    finally:
        folder.chmod(0o700)
    (folder / "written").unlink()
    return False


def _freeze(folder: Path) -> str:
    """Mounts a folder read-only over itself; what `mount` has against it, empty when it is done."""
    if refusal := _mount("--bind", folder, folder):
        return refusal
    if refusal := _mount("-o", "remount,ro,bind", folder):
        _unmount(folder)
    return refusal


def _mount(*arguments: str | Path) -> str:
    """What `mount` has against it; empty when it is done."""
    if os.geteuid() != 0:
        return "not root"
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", folder], check=True)
