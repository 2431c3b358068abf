"""Asks pip-audit whether a version that a lock pins has a known vulnerability.

    python envs/audit.py envs/linux-cpu.lock

Exit code 1 where one has. Where pip-audit cannot be had or the database cannot be asked, as without a network, one line
says that nothing was checked, and the exit code is 0: a build must not depend on somebody's server.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parents[1] / "build" / "audit"
TOOL = "pip-audit==2.9.0"


def main(lock: str) -> int:
    if not Path(lock).is_file():
        print(f"error: {lock}: no such lock", file=sys.stderr)
        return 2
    problem = _install()
    if problem:
        return say_not_done(problem)
    command = [HOME / "bin" / "pip-audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
    done = subprocess.run([*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True)
    return judge(lock, done.stdout, done.stderr)


def judge(lock: str, answer: str, errors: str) -> int:
    """Exit code for what pip-audit wrote, after saying it in words."""
    try:
        packages = json.loads(answer)["dependencies"]
        checked = [package for package in packages if "vulns" in package]
        skipped = [package["skip_reason"] for package in packages if "vulns" not in package]
    except (ValueError, KeyError, TypeError):
        return say_not_done(last_line(errors))
    if not checked:
        return say_not_done(skipped[0] if skipped else "pip-audit looked at no package")
    found = [(package, flaw) for package in checked for flaw in package["vulns"]]
    for package, flaw in found:
        mended = ", ".join(flaw.get("fix_versions", [])) or "no version yet"
        print(f"{lock}: {package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    print(f"audit: {len(checked)} packages of {lock}, {len(found)} known vulnerabilities, {len(skipped)} not looked up")
    return int(bool(found))


def say_not_done(reason: str) -> int:
    print(f"audit: NOT DONE, nothing was checked: {reason}")
    return 0


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no answer")


def _install() -> str:
    """Install pip-audit in an environment of its own; returns what went wrong, or nothing."""
    if (HOME / "bin" / "pip-audit").exists():
        return ""
    venv.create(HOME, with_pip=True, clear=True)
    pip = [HOME / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", "--retries", "1", TOOL]
    done = subprocess.run(pip, capture_output=True, text=True)
    return f"{TOOL} cannot be installed ({last_line(done.stderr)})" if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]) if len(sys.argv) == 2 else "error: expected one lock, as envs/linux-cpu.lock")
