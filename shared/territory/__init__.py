"""Official territories (communes, EPCI, départements, régions): lookup by code, by name and as an applicant.

`Territories.load()` once per process, in `main.py`; everybody else receives it.
"""

from shared.territory.model import Departement, Territory
from shared.territory.source import Source, TerritoriesUnreadable
from shared.territory.territories import Identified, Territories

__all__ = ["Departement", "Identified", "Source", "Territories", "TerritoriesUnreadable", "Territory"]
