"""What the log records of an exception: its type and location, never text that somebody typed."""

import traceback
from typing import Final

import asyncpg
from jinja2 import TemplateError

DEEPEST: Final = 5
"""How many causes of causes are logged."""
FRAMES: Final = 12

OUR_WORDS: Final = (
    TemplateError,
    AttributeError,
    NameError,
    ImportError,
    TypeError,
    NotImplementedError,
    asyncpg.SyntaxOrAccessError,
)
"""Exceptions whose message names only code, tables or templates, never what somebody typed."""


def anatomy(exc: BaseException) -> dict[str, list[str]]:
    """Return where an exception comes from, without its message, which may hold what somebody typed."""
    chain: list[str] = []
    frames: list[str] = []
    current: BaseException | None = exc
    while current is not None and len(chain) < DEEPEST:
        chain.append(type(current).__qualname__)
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(current.__traceback__)
        ]
        if isinstance(current, OUR_WORDS):
            chain[-1] += f": {current.args[0] if current.args else ''}"
        elif isinstance(current, asyncpg.PostgresError):
            chain[-1] += f" {current.sqlstate} {getattr(current, 'constraint_name', None) or ''}".rstrip()
        within = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else None
        current = within or current.__cause__ or current.__context__
    return {"errors": chain, "frames": frames[-FRAMES:]}
