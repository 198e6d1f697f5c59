"""Static files: gather npm's and ours in one folder, and give each an address with the hash of its content."""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
OURS: Final = Path(__file__).resolve().parent / "static"
PREFIX: Final = "/static"

FONT: Final = "@fontsource/atkinson-hyperlegible"
FACE: Final = f"{FONT}/files/atkinson-hyperlegible"

FROM_NPM: Final = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.css",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    **{
        f"{FACE}-{part}-{weight}-{style}.woff2": f"fonts/{part}-{weight}-{style}.woff2"
        for part in ("latin", "latin-ext")
        for weight in ("400", "700")
        for style in ("normal", "italic")
    },
    f"{FONT}/LICENSE": "fonts/LICENSE.txt",
    "bootstrap/LICENSE": "bootstrap.LICENSE.txt",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
}
"""File of an npm package → name under `/static`."""


class AssetMissing(Exception):
    """A static file is missing; the message says which command makes it."""


_NAMED: Final = re.compile(rb'url\("([a-z0-9/-]+\.[a-z0-9]+)"\)')


def folder() -> Path:
    """Return the folder of the gathered files: `COUSU_STATIC` (in a container), or `build/static` beside the code."""
    return Path(os.environ.get("COUSU_STATIC") or ROOT / "build" / "static")


def sources() -> Iterator[tuple[Path, str]]:
    """List every file to gather with the name it is served under; ours come last."""
    modules = Path(os.environ.get("COUSU_NODE_MODULES") or ROOT / "node_modules")
    for path, name in FROM_NPM.items():
        yield modules / path, name
    for ours in sorted(OURS.rglob("*")):
        if ours.is_file():
            yield ours, ours.relative_to(OURS).as_posix()


def gather() -> int:
    """Copy files that are missing or have changed; return their number. Safe while pages are served.

    A gathered file needs no source: a container ships without npm's folder.
    """
    copied = 0
    for source, name in sources():
        target = folder() / name
        if not source.is_file():
            if target.is_file():
                continue
            raise AssetMissing(f"{source} is missing: run `npm ci` first")
        content = source.read_bytes()
        if source.suffix == ".css" and source.is_relative_to(OURS):
            content = _with_hashes(content, {name: path for path, name in sources()})
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".gather-")
        os.close(handle)
        Path(draft).write_bytes(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
        copied += 1
    address.cache_clear()
    return copied


@lru_cache(maxsize=256)
def address(name: str) -> str:
    """Return the address of a file with the hash of its content, so that browsers may cache it for ever."""
    path = folder() / name
    if not path.is_file():
        gather()  # the first page of a fresh checkout
    if not path.is_file():
        raise AssetMissing(f"No static file {name}: it is neither ours nor listed in FROM_NPM")
    return f"{PREFIX}/{name}?v={_hash(path)}"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _with_hashes(style: bytes, files: Mapping[str, Path]) -> bytes:
    """Add to each `url(…)` of a style sheet the hash of the file, so that browsers may cache it for ever too."""

    def named(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        path = files[name] if files[name].is_file() else folder() / name
        return f'url("{name}?v={_hash(path)}")'.encode()

    return _NAMED.sub(named, style)


def main() -> int:
    """Gather the files (`make assets`)."""
    try:
        copied = gather()
    except AssetMissing as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    sys.stdout.write(f"{copied} static files gathered\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
