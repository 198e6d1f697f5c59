"""HTML forms: typed input or the same page again with what was typed; and no double submission."""
# interface only; the body follows

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.response import Redirect
from pydantic import BaseModel

from shared.db import Cause, Database, Transaction
from shared.errors import Refusal

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Form(Generic[Model]):
    """A form as it was sent: `model` when it is valid, else None with `errors`; `values` to show it again."""

    model: Model | None
    values: Mapping[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)
    fingerprint: bytes = b""

    def refuse(self, refusal: Refusal) -> None:
        """Take a refusal of the use case into the form's errors (fields of `Invalid`; else under the key "")."""
        raise NotImplementedError


async def read_form(request: Request[Any, Any, Any], model: type[Model]) -> Form[Model]:
    """Read an urlencoded or multipart form into a model; blank fields count as not given; lists are repeated fields."""
    raise NotImplementedError


async def submit_once(
    database: Database,
    form: Form[Any],
    act: Callable[[Transaction], Awaitable[str]],
    *,
    cause: Cause,
) -> Redirect:
    """Do it in one transaction and go to the path that `act` gives; the same submission again only goes there."""
    raise NotImplementedError
