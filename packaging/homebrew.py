"""Write Homebrew's formula, for the server alone, and its cask, for the app, of one release."""

from __future__ import annotations

import argparse
import hashlib
import sys
from importlib.metadata import version
from pathlib import Path
from string import Template

HERE = Path(__file__).parent / "homebrew"
FORMULA, CASK = HERE / "qwen3mlx.rb", HERE / "qwen3-mlx.rb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homepage", required=True, help="the project's page")
    parser.add_argument("--download", required=True, help="the address of the release's files")
    parser.add_argument("--out", type=Path, required=True, help="the folder of a tap")
    parser.add_argument("sdist", type=Path)
    parser.add_argument("image", type=Path)
    options = parser.parse_args()
    names = {"homepage": options.homepage, "download": options.download.rstrip("/")}
    try:
        for template, file, folder in (
            (FORMULA, options.sdist, "Formula"),
            (CASK, options.image, "Casks"),
        ):
            place = options.out / folder / template.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(filled(template, file, version("qwen3mlx"), names), encoding="utf-8")
            print(place)
    except OSError as error:
        sys.exit(f"homebrew: {error.filename}: {error.strerror}.")


def filled(template: Path, file: Path, release: str, names: dict[str, str]) -> str:
    """Return the text for a release whose file this is."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    text = Template(template.read_text("utf-8"))
    return text.substitute(names, version=release, sha256=digest)


if __name__ == "__main__":
    main()
