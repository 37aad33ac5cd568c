"""Where the page's files lie: inside the package once installed, beside it in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of this name."""
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name
