"""Packages of the npm registry for tests, installed once for each list of them into a folder that later runs find again.
Without a lock file: the versions are exact, and a lock would name a registry.
"""
import fcntl
import hashlib
import shutil
import subprocess


class Missing(Exception):
    """Why they cannot be had here."""


def install(packages, cache, files=(), finish=None, timeout=300):
    """The folder with node_modules of a package.json, and with `files` beside it; `finish(folder)` is done to it once.
    Several tests may ask at once."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("npm and node are not installed")
    mark = hashlib.sha256()
    for file in (packages, *files):
        mark.update(file.read_bytes())
    folder = cache / mark.hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for file in (packages, *files):
                shutil.copy(file, folder / file.name)
            command = ["npm", "install", "--package-lock=false", "--no-audit", "--no-fund", "--no-update-notifier",
                       "--fetch-retries=1", "--fetch-timeout=20000", "--prefer-offline", "--loglevel=error"]
            try:
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=False,
                                      stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired as late:
                raise Missing(f"npm install takes longer than {timeout} s") from late
            if done.returncode != 0:
                raise Missing("npm install failed: " + (done.stderr.strip().splitlines() or ["no words"])[-1])
            if finish is not None:
                finish(folder)
            (folder / "complete").touch()
    return folder
