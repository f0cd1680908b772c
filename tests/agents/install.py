"""Installs the coding agents of package.json from the npm registry."""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "end_to_end"))
import npm  # noqa: E402

Missing = npm.Missing
PROGRAMS = ["claude", "codex", "opencode", "pi"]


def cache():
    named = os.environ.get("SWARMLAB_TEST_AGENTS")
    return pathlib.Path(named) if named else HERE.parent.parent / "build" / "agents"


def install(timeout=300):
    """The folder that has their programs in bin. Several tests may ask at once."""
    return npm.install(HERE / "package.json", cache(), finish=link_programs, timeout=timeout)


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
