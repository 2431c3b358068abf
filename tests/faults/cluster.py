"""A real Slurm of two nodes on this machine alone: its own configuration, key, ports and folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from project import processes

DAEMONS = ("munged", "slurmctld", "slurmd")
TOOLS = ("sbatch", "scontrol", "squeue", "sinfo", "srun")
PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
NODES = ("node1", "node2")
# proctrack, task, accounting: those that need neither control groups nor a database.
CONFIGURATION = """\
ClusterName=score
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SlurmdTimeout=10
MinJobAge=3600
ReturnToService=2
NodeName={nodes[0]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=16000
NodeName={nodes[1]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 RealMemory=16000
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def lacking() -> list[str]:
    """Programs of Slurm and munge that are not installed here."""
    return [name for name in (*DAEMONS, *TOOLS) if not shutil.which(name, path=_path())]


def install() -> str:
    """Debian's packages; what stands against it, empty when they are there."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "installing Debian's packages needs root and apt-get"
    quiet = {"capture_output": True, "text": True, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    apt = ["apt-get", "-qq", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    apt += ["-o", "DPkg::Lock::Timeout=120"]
    subprocess.run([*apt, "update"], **quiet)
    done = subprocess.run([*apt, "install", "-y", "--no-install-recommends", *PACKAGES], **quiet)
    return (done.stderr.strip() or "apt-get failed").splitlines()[-1] if done.returncode else ""


class Cluster:
    """Runs while the block does.

    Attributes:
        environment: what a process needs in its environment to be this cluster's user.
    """

    def __enter__(self) -> Cluster:
        self.folder = Path(tempfile.mkdtemp(prefix="score-slurm-"))  # short: a socket's path has at most 107 characters
        (self.folder / "state").mkdir()
        configuration = CONFIGURATION.format(
            folder=self.folder, host=socket.gethostname(), user=_user(), ports=_free_ports(3), nodes=NODES
        )
        (self.folder / "slurm.conf").write_text(configuration)
        self.environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf")}
        self.environment["PATH"] = f"{self._wrap_srun()}:{_path()}"
        self.daemons: dict[str, subprocess.Popen] = {}
        try:
            self._start_munge()
            self._start("slurmctld", "-D")
            for node in NODES:
                self.start_node(node)
            self._until_idle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Daemons first, or a job's end would start the next; then what is left of jobs."""
        for name in reversed(list(self.daemons)):
            self._kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_node(self, node: str) -> None:
        self._start(node, "-D", "-N", node, program="slurmd")

    def kill_node(self, node: str) -> int:
        """Power off: the node's daemon and all its jobs at once; Slurm is told. Returns how many processes died."""
        killed = self._kill(node)
        self.ask("scontrol", "update", f"nodename={node}", "state=down", "reason=killed")
        return killed

    def repair_node(self, node: str) -> None:
        self.start_node(node)
        self.ask("scontrol", "update", f"nodename={node}", "state=resume")

    def running(self, node: str) -> list[str]:
        """Numbers of the jobs that run on a node."""
        return self.ask("squeue", "--noheader", "--states=running", f"--nodelist={node}", "--format=%i").split()

    def states(self) -> dict[str, str]:
        """job -> its state, of all jobs there ever were."""
        lines = self.ask("squeue", "--noheader", "--states=all", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def ask(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def logs(self) -> str:
        """The last lines of each daemon's log, for a failure that is Slurm's."""
        return "\n".join(f"{file.name}:\n{_tail(file)}" for file in sorted(self.folder.glob("*.log")))

    def _wrap_srun(self) -> Path:
        """The folder of an `srun` that finds this cluster: the plugin takes SLURM_CONF from what runs inside a job."""
        wrapper = self.folder / "bin" / "srun"
        wrapper.parent.mkdir()
        real = shutil.which("srun", path=_path())
        wrapper.write_text(f'#!/bin/sh\nexport SLURM_CONF={self.folder}/slurm.conf\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        return wrapper.parent

    def _start_munge(self) -> None:
        key, place = self.folder / "munge.key", self.folder / "munge"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        files = {"key-file": key, "socket": f"{place}.socket", "pid-file": f"{place}.pid", "seed-file": f"{place}.seed"}
        # --force: the folder is ours alone, but the one above it may be everybody's
        self._start("munged", "--foreground", "--force", *(f"--{name}={file}" for name, file in files.items()))
        while not Path(f"{place}.socket").exists():
            self._check()
            time.sleep(0.05)

    def _start(self, name: str, *arguments: str, program: str | None = None) -> None:
        with (self.folder / f"{name}.out.log").open("a") as log:
            self.daemons[name] = subprocess.Popen(
                [shutil.which(program or name, path=_path()), *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _until_idle(self) -> None:
        patience = time.monotonic() + 60
        while True:
            self._check()
            try:
                if self.ask("sinfo", "--noheader", "--Node", "--format=%t").split() == ["idle"] * len(NODES):
                    return
            except RuntimeError:
                pass  # the controller is not up yet
            if time.monotonic() > patience:
                raise RuntimeError(f"Slurm's nodes did not come up\n{self.logs()}")
            time.sleep(0.3)

    def _check(self) -> None:
        dead = [name for name, daemon in self.daemons.items() if daemon.poll() is not None]
        if dead:
            raise RuntimeError(f"{', '.join(dead)} ended\n{self.logs()}")

    def _kill(self, name: str) -> int:
        """A daemon and, where it is a node's, everything that its jobs have started."""
        daemon = self.daemons.pop(name)
        daemon.kill()
        daemon.wait()
        victims = _jobs_of(self.folder / "slurm.conf", name)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return 1 + len(victims)


def _jobs_of(configuration: Path, node: str) -> list[int]:
    """The processes of a node's jobs, and first those that watch over them: they outlive the node's daemon."""
    marks = {f"SLURM_CONF={configuration}".encode(), f"SLURMD_NODENAME={node}".encode()}
    jobs, watchers, running = [], set(), {pid: (parent, args) for pid, parent, _, _, args in processes()}
    for pid, (parent, _) in running.items():
        try:
            surroundings = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue  # gone meanwhile, or another user's
        if marks <= set(surroundings):
            jobs.append(pid)
            if running.get(parent, (0, ""))[1].startswith("slurmstepd:"):
                watchers.add(parent)
    return [*watchers, *jobs]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _path() -> str:
    """Daemons lie where only root's PATH leads."""
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _tail(file: Path, lines: int = 15) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])
