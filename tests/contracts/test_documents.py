"""The documents for programs are valid for the tools that read them, and describe what is really sent."""

import importlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from deploy.describe import FOLDER
from deploy.local.places import REPOSITORY
from shared.contracts import BY_TYPE

DOCUMENTS = sorted(FOLDER.glob("*.json"))
OPENAPI = [file for file in DOCUMENTS if file.name.endswith(".openapi.json")]
ASYNCAPI = [file for file in DOCUMENTS if file.name.endswith(".asyncapi.json")]
GOLDEN = Path(__file__).parent / "golden"


def read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def validate(*files: Path) -> list[str]:
    """Give what @asyncapi/parser and redocly find wrong, a line each."""
    done = subprocess.run(  # noqa: S603 - a file of ours with files of ours
        ["node", Path(__file__).with_name("validate_documents.mjs"), *files],  # noqa: S607 - as `make run` finds it
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_document_is_valid_for_asyncapi_parser_and_redocly() -> None:
    assert len(OPENAPI) == len(ASYNCAPI) == 4
    assert not validate(*DOCUMENTS)


def test_the_validators_find_what_was_wrong_before(tmp_path: Path) -> None:
    described, called = read(ASYNCAPI[0]), read(OPENAPI[0])
    channel = next(iter(described["channels"].values()))
    channel["servers"] = [{"$ref": "#/servers/development"}]
    del called["servers"]
    for operations in called["paths"].values():
        for operation in operations.values():
            del operation["security"]
    files = tmp_path / "x.asyncapi.json", tmp_path / "x.openapi.json"
    for file, document in zip(files, (described, called), strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    found = "\n".join(validate(*files))
    for rule in ("asyncapi-document", "no-empty-servers", "security-defined"):
        assert rule in found


@pytest.mark.parametrize("file", OPENAPI, ids=lambda file: file.name)
def test_every_openapi_document_is_valid_for_openapi_spec_validator(file: Path) -> None:
    assert not list(OpenAPIV31SpecValidator(read(file)).iter_errors())


@pytest.mark.parametrize("file", ASYNCAPI, ids=lambda file: file.name)
def test_what_was_ever_published_fits_the_described_data(file: Path) -> None:
    schemas = read(file)["components"]["schemas"]
    published = [golden for golden in GOLDEN.glob("*.json") if golden.stem.replace(".", "_") in schemas]
    assert published
    for golden in published:
        schema = {"$ref": f"#/components/schemas/{golden.stem.replace('.', '_')}", "components": {"schemas": schemas}}
        validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
        validator.validate(json.loads(golden.read_text(encoding="utf-8")))


def test_each_event_is_described_by_its_publisher() -> None:
    described = {name for file in ASYNCAPI for name in read(file)["channels"]}
    assert set(BY_TYPE) <= described


def models(kind: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Give all models that the services have loaded."""
    for below in kind.__subclasses__():
        yield below
        yield from models(below)


@pytest.mark.parametrize("file", OPENAPI, ids=lambda file: file.name)
def test_each_object_is_described_with_the_members_that_are_sent(file: Path) -> None:
    """A field that a model excludes is never sent: a client that was told to require it would refuse every answer."""
    service = f"services.{file.name.partition('.')[0]}."
    importlib.import_module(f"{service}main")
    by_name: dict[str, list[type[BaseModel]]] = {}
    for model in models():
        if model.__module__.startswith((service, "shared.")):
            by_name.setdefault(model.__name__, []).append(model)
    compared = 0
    for name, schema in read(file)["components"]["schemas"].items():
        candidates = by_name.get(schema.get("title", ""), []) if schema.get("type") == "object" else []
        members = [set(model.model_json_schema(mode="serialization").get("properties", {})) for model in candidates]
        assert not members or set(schema.get("properties", {})) in members, name
        assert set(schema.get("required", ())) <= set(schema.get("properties", {})), name
        compared += len(members)
    assert compared > 20
