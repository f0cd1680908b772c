#!/usr/bin/env python3
"""Checks who may include whom, and that the core stays pure. Prints `file:line: what, instead`."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
CORE = {"coordinator/swarm", "coordinator/policy", "coordinator/judge", "coordinator/ladder", "common/model"}
# The rooms that see Cap'n Proto: codecs, and the edges that speak in its views.
CAPNP = {"common/wire", "coordinator/store", "coordinator/server", "worker/server", "worker/spool", "cli"}
# Which room may include which library; a library that is not listed is free.
LIBRARY = {
    "rocksdb/": {"coordinator/store"},
    "git2": {"common/git"},
    "zmq": {"common/keys", "common/net"},
    "toml++/": {"common/lab", "cli"},
    "spdlog/": {"common/log"},
    "CLI/": {"cli"},
    "httplib.h": {"worker/bridge", "common/http"},
    "prometheus/": {"common/metrics"},
    "sqlite3.h": {"cli/predecessors"},
}
MODEL = {"common", "common/model"}
MAY_USE = {  # room: the rooms that it may include, besides itself
    "common": set(),
    "common/model": {"common"},
    "common/os": {"common"},
    "common/log": {"common", "common/os"},
    "common/wire": MODEL | {"schemas"},
    "common/http": {"common", "common/os"},
    "common/metrics": {"common"},
    "common/lab": MODEL,
    "common/git": MODEL | {"common/os"},
    "common/keys": {"common", "common/os"},
    "common/net": {"common", "common/keys", "common/os"},
    "coordinator/policy": MODEL,
    "coordinator/judge": MODEL,
    "coordinator/ladder": MODEL | {"coordinator/judge"},
    "coordinator/swarm": MODEL | {"coordinator/policy", "coordinator/judge", "coordinator/ladder"},
    "coordinator/store": MODEL | {"coordinator/policy", "coordinator/swarm", "common/wire", "common/git", "common/os", "schemas"},
    "coordinator/server": MODEL | {"coordinator/policy", "coordinator/swarm", "coordinator/store", "coordinator/judge", "coordinator/ladder", "common/net", "common/keys", "common/lab",
                                   "common/log", "common/git", "common/wire", "common/os", "common/http", "common/metrics", "schemas"},
    "worker/sandbox": MODEL | {"common/os"},
    "worker/runner": MODEL | {"worker/sandbox", "common/os", "common/log"},
    "worker/bridge": MODEL | {"common/os", "common/log"},
    "worker/workspace": MODEL | {"common/git", "common/lab", "common/os"},
    "worker/agent": MODEL | {"worker/sandbox", "worker/bridge", "common/lab", "common/os"},
    "worker/evaluator": MODEL | {"worker/sandbox", "common/lab", "common/os"},
    "worker/spool": MODEL | {"common/wire", "common/os", "schemas"},
    "worker/server": MODEL | {"worker/sandbox", "worker/bridge", "worker/workspace", "worker/agent", "worker/evaluator",
                              "worker/spool", "common/net", "common/log", "common/wire", "common/git", "common/lab", "common/os", "common/http",
                              "common/metrics", "schemas"},
    "cli/predecessors": {"common", "common/os"},
    "cli": None,  # everything
}
BANNED_IN_CORE = re.compile(
    r"\b(\w+_clock::now|random_device|getenv|std::filesystem|std::thread|std::mutex|"
    r"unordered_(map|set)|spdlog|rocksdb|zmq|git_)\b|<(ctime|thread|mutex|random|fstream|filesystem)>")


def room_of(path):
    parts = path.split("/")
    if parts[0] in ("coordinator", "worker") or parts[:2] == ["cli", "predecessors"]:
        return "/".join(parts[:2])
    if parts[0] == "common" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def problems(name, text):
    room = room_of(name)
    allowed = MAY_USE[room]
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        if include := re.match(r'#include "([^"]+)"', code):
            used = room_of(include[1])
            if allowed is not None and used != room and used not in allowed:
                yield f"{name}:{number}: {room} may not include {used}"
        if include := re.match(r"#include <([^>]+)>", code):
            if include[1].startswith("capnp/") and room not in CAPNP:
                yield f"{name}:{number}: Cap'n Proto outside {sorted(CAPNP)}: add a codec to common/wire"
            for library, rooms in LIBRARY.items():
                if include[1].startswith(library) and room not in rooms:
                    yield f"{name}:{number}: <{include[1]}> outside {sorted(rooms)}"
        if room in CORE and BANNED_IN_CORE.search(code):
            yield f"{name}:{number}: the core is pure: let the shell pass this in"


found = []
for file in sorted(p for top in ("common", "coordinator", "worker", "cli") for p in (ROOT / top).rglob("*.[ch]*")):
    name = file.relative_to(ROOT).as_posix()
    if file.suffix not in (".h", ".cc"):
        continue
    if room_of(name) not in MAY_USE:
        found.append(f"{name}:1: {room_of(name)} is no room: add it to CMakeLists.txt and to MAY_USE")
        continue
    found += problems(name, file.read_text())
# All schemas share one namespace: two types of one name would be linked into one, and bytes written where they do not belong.
first = {}
for schema in sorted(ROOT.glob("schemas/*.capnp")):
    for kind, name in re.findall(r"^(struct|enum) (\w+)", schema.read_text(), re.M):
        if name in first:
            found.append(f"schemas/{schema.name}: {kind} {name}, which {first[name]} has already")
        first.setdefault(name, schema.name)
print("\n".join(found) or "rooms: ok")
sys.exit(bool(found))
