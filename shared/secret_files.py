"""Secrets from files: `<VARIABLE>_FILE` names one, as systemd's LoadCredential, Docker and Kubernetes give them."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource


class UnreadableSecretError(Exception):
    """The file that a variable names cannot be read."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable}: the file cannot be read")
        self.variable = variable


def secret_file(variable: str) -> str | None:
    """Return the content of the file that `<variable>_FILE` names, without its last line end.

    Raises `UnreadableSecretError`.
    """
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise UnreadableSecretError(f"{variable}_FILE") from None


class _Files(PydanticBaseSettingsSource):
    def __init__(self, settings: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings)
        self._prefix = prefix

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Read one field, if it is a secret."""
        secret = "SecretStr" in repr(field.annotation)
        return secret_file(f"{self._prefix}{field_name}".upper()) if secret else None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read all secrets that files are named for."""
        read = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in read if value is not None}


class SettingsWithSecrets(BaseSettings):
    """Settings whose secrets may be in files; the variable takes precedence over the file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a source that is not used
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put files after variables."""
        prefix = env_settings.env_prefix if isinstance(env_settings, EnvSettingsSource) else ""
        return init_settings, env_settings, _Files(settings_cls, prefix)
