"""The example packages that a new workspace can begin with."""

import shutil
from pathlib import Path

PACKAGES = Path(__file__).parent / "packages"


def copy_packages(target: Path) -> list[str]:
    """Copy the example packages into a workspace's packages folder; gives the names of those that were not there yet.

    A package that is there already stays as it is.
    """
    copied = []
    for package in sorted(folder for folder in PACKAGES.iterdir() if folder.is_dir()):
        if not (target / package.name).exists():
            shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("__pycache__"))
            copied.append(package.name)
    return copied
