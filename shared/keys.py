"""Secret keys with ids and rotation: the first key signs or encrypts, all keys verify or decrypt."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr

SHORTEST_SECRET: Final = 32

_NAMED: Final = re.compile(r"([A-Za-z0-9_-]{1,16}):(.+)")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a setting; `id` is empty for the one that was written without an id."""

    id: str
    secret: str = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The secret as bytes."""
        return self.secret.encode()


@lru_cache(maxsize=64)
def keys(setting: str) -> tuple[Key, ...]:
    """Return the keys of a setting, the newest first: `2027:…,2026:…`, or a single one without an id."""
    return tuple(_key(part.strip()) for part in setting.split(","))


def _key(text: str) -> Key:
    named = _NAMED.fullmatch(text)
    return Key(named[1], named[2]) if named else Key("", text)


def _long_and_apart(value: SecretStr) -> SecretStr:
    known = keys(value.get_secret_value())
    if any(len(key.secret) < SHORTEST_SECRET for key in known):
        raise ValueError(f"give at least {SHORTEST_SECRET} characters, for instance from `openssl rand -hex 32`")
    if len({key.id for key in known}) < len(known):
        raise ValueError("give each key an id of its own: newest:…,older:…")
    return value


SecretKeys = Annotated[SecretStr, AfterValidator(_long_and_apart)]
"""A setting that holds a secret key and, after it, its predecessors: `id:key` separated by commas, newest first."""
