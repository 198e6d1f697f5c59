"""Directory of the services in charge by département, read once from a file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.contracts.qualification import Service


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is the entry door in each département."""

    services: dict[str, Service]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; refuses (ValidationError, TOMLDecodeError) one that is not as it should be."""
        with path.open("rb") as file:
            return cls({code: Service.model_validate(entry) for code, entry in tomllib.load(file).items()})

    def service(self, departement: str) -> Service:
        """Return the service of a département; without coordinates when the file has none."""
        known = self.services.get(departement)
        return known or Service(name="Service de l’accompagnement des territoires de la direction départementale")
