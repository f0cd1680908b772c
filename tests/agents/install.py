"""Installs the coding agents of package.json from the npm registry, once for each version, into a folder
that later runs find again. Without a lock file: its versions are exact, and a lock would name a registry.
"""
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = HERE / "package.json"
PROGRAMS = ["claude", "codex", "opencode", "pi"]


class Missing(Exception):
    """Why the agents cannot be had here."""


def cache():
    named = os.environ.get("SWARMLAB_TEST_AGENTS")
    return pathlib.Path(named) if named else HERE.parent.parent / "build" / "agents"


def install(timeout=300):
    """The folder that has their programs in bin. Several tests may ask at once."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("npm and node are not installed")
    version = hashlib.sha256(PACKAGES.read_bytes()).hexdigest()[:12]
    folder = cache() / version
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.copy(PACKAGES, folder / "package.json")
            command = ["npm", "install", "--package-lock=false", "--no-audit", "--no-fund", "--no-update-notifier",
                       "--fetch-retries=1", "--fetch-timeout=20000", "--prefer-offline", "--loglevel=error"]
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False,
                                      stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired as late:
                raise Missing(f"npm install takes longer than {timeout} s") from late
            if done.returncode != 0:
                raise Missing("npm install failed: " + (done.stderr.strip().splitlines() or ["no words"])[-1])
            link_programs(folder)
            (folder / "complete").touch()
    return folder


def link_programs(folder):
    """Sandboxes find the programs of an exposed folder in its bin."""
    (folder / "bin").mkdir(exist_ok=True)
    for name in PROGRAMS:
        program = folder / "node_modules" / ".bin" / name
        if not program.exists():
            raise Missing(f"npm install brought no {name}")
        link = folder / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(program)


if __name__ == "__main__":
    print(install())
