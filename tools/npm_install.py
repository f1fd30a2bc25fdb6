"""Install the locked npm packages of a folder, with the Node that `build_assets` finds."""

# ruff: noqa: S603 (the commands are fixed here; nothing that a user typed enters them)

import os
import pathlib
import subprocess
import sys

from build_assets import ROOT
from build_assets import find_node

node, npm = find_node()
environment = os.environ | {"PATH": os.pathsep.join([str(pathlib.Path(node).parent), os.environ.get("PATH", "")])}
subprocess.run([*npm, "ci", "--silent"], cwd=ROOT / sys.argv[1], env=environment, check=True)
