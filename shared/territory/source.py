"""Reader of the official lists, as `@etalab/decoupage-administratif` publishes them; gives their source."""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from shared.contracts.vocabulary import ApplicantKind
from shared.territory.model import Territory, by_population

PACKAGE: Final = "@etalab/decoupage-administratif"
LICENCE: Final = "Licence Ouverte"
VINTAGES: Final[Mapping[str, int]] = {"4": 2024, "5": 2025, "6": 2026}
"""The year that each major version of the package describes, as its own page says."""

FOLDER_VARIABLE: Final = "COUSU_TERRITORIES"
DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[2] / "node_modules" / PACKAGE

CURRENT: Final = "commune-actuelle"
OVERSEAS_COLLECTIVITE: Final = "com"

T = TypeVar("T")


class TerritoriesUnreadable(RuntimeError):
    """The official lists are missing or are not what they should be; the sentence says how to fix it."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. Run `npm ci` in the project's folder, or set {FOLDER_VARIABLE} to the folder of {PACKAGE}.",
        )


class Source(NamedTuple):
    """Where the lists come from; Licence Ouverte asks that pages name it. `vintage` is a year, if known."""

    version: str
    vintage: int | None

    @property
    def sentence(self) -> str:
        """The French sentence that pages show under what they took from the lists."""
        year = f" {self.vintage}" if self.vintage else ""
        return (
            f"Source\u00a0: Découpage administratif{year} (Insee, DGCL et La Poste, réunis par Etalab, "
            f"version {self.version}), {LICENCE}."
        )


class Former(NamedTuple):
    """A code or name of old that leads to a commune of today: a merged commune, or a municipal arrondissement."""

    code: str
    name: str | None
    current: str


class Official(NamedTuple):
    """All that the lists hold."""

    territories: tuple[Territory, ...]
    former: tuple[Former, ...]
    source: Source


class _Commune(msgspec.Struct):
    code: str
    name: str = msgspec.field(name="nom")
    type: str
    zone: str
    departement: str
    region: str
    siren: str | None = None
    population: int | None = None
    postal_codes: tuple[str, ...] = msgspec.field(name="codesPostaux", default=())
    former_codes: tuple[str, ...] = msgspec.field(name="anciensCodes", default=())
    merged_into: str | None = msgspec.field(name="chefLieu", default=None)
    part_of: str | None = msgspec.field(name="commune", default=None)


class _Member(msgspec.Struct):
    code: str


class _Epci(msgspec.Struct):
    code: str
    name: str = msgspec.field(name="nom")
    category: str = msgspec.field(name="type")
    population: int | None = msgspec.field(name="populationMunicipale", default=None)
    members: tuple[_Member, ...] = msgspec.field(name="membres", default=())


class _Area(msgspec.Struct):
    code: str
    name: str = msgspec.field(name="nom")
    zone: str
    region: str | None = None


class _Manifest(msgspec.Struct):
    version: str


def default_folder() -> Path:
    """Return where the lists are: `COUSU_TERRITORIES`, else the package that npm installed."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def read(folder: Path) -> Official:
    """Read all lists of the package's folder; refuses a missing, broken or empty one."""
    everything = _decode(folder / "data" / "communes.json", list[_Commune])
    levying = _decode(folder / "data" / "epci.json", list[_Epci])
    paris_area = _decode(folder / "data" / "ept.json", list[_Epci])
    departements = _decode(folder / "data" / "departements.json", list[_Area])
    regions = _decode(folder / "data" / "regions.json", list[_Area])
    version = _decode(folder / "package.json", _Manifest).version

    current = {commune.code: commune for commune in everything if commune.type == CURRENT}
    if not current:
        raise TerritoriesUnreadable(f"The official list in {folder} holds no commune")
    official_regions = {region.code: region.code for region in regions if region.zone != OVERSEAS_COLLECTIVITE}
    communes = _communes(current.values(), levying, official_regions)
    inhabitants = _inhabitants(communes.values())
    return Official(
        territories=(
            *communes.values(),
            *_epci((*levying, *paris_area), communes),
            *_departements(departements, inhabitants, official_regions),
            *_regions(regions, departements, inhabitants),
        ),
        former=tuple(_former(everything, current)),
        source=Source(version, VINTAGES.get(version.partition(".")[0])),
    )


def _decode(path: Path, form: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=form)
    except FileNotFoundError as missing:
        raise TerritoriesUnreadable(f"The official list {path} is missing") from missing
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as broken:
        raise TerritoriesUnreadable(f"The official list {path} cannot be read ({broken})") from broken


def _communes(
    current: Collection[_Commune], levying: Iterable[_Epci], official_regions: Mapping[str, str]
) -> dict[str, Territory]:
    epci_of = {member.code: epci.code for epci in levying for member in epci.members}
    alone = {code: (code,) for code in {commune.departement for commune in current}}  # one object, not 35 000
    return {
        commune.code: Territory(
            kind=ApplicantKind.COMMUNE,
            code=commune.code,
            name=commune.name,
            departement=alone[commune.departement][0],
            departements=alone[commune.departement],
            region=official_regions.get(commune.region),
            epci=epci_of.get(commune.code),
            siren=commune.siren,
            population=commune.population,
            postal_codes=commune.postal_codes,
        )
        for commune in current
    }


def _epci(all_epci: Iterable[_Epci], communes: Mapping[str, Territory]) -> Iterator[Territory]:
    for epci in all_epci:
        try:
            members = [communes[member.code] for member in epci.members]
        except KeyError as stranger:
            raise TerritoriesUnreadable(f"EPCI {epci.code} has an unknown commune, {stranger}") from stranger
        if not members:
            raise TerritoriesUnreadable(f"EPCI {epci.code} has no commune")
        departements = by_population(members)
        lead = next(commune for commune in members if commune.departement == departements[0])
        yield Territory(
            kind=ApplicantKind.EPCI,
            code=epci.code,
            name=epci.name,
            departement=departements[0],
            departements=departements,
            region=lead.region,
            siren=epci.code,
            population=epci.population,
            communes=tuple(commune.code for commune in members),
            category=epci.category,
        )


def _inhabitants(communes: Iterable[Territory]) -> dict[str, int | None]:
    """Add up the communes of each département; None where one of them has no figure."""
    figures: dict[str, list[int | None]] = defaultdict(list)
    for commune in communes:
        for departement in commune.departements:
            figures[departement].append(commune.population)
    return {departement: _sum(each) for departement, each in figures.items()}


def _sum(figures: Iterable[int | None]) -> int | None:
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total


def _departements(
    areas: Sequence[_Area], inhabitants: Mapping[str, int | None], official_regions: Mapping[str, str]
) -> Iterator[Territory]:
    for area in areas:
        yield Territory(
            kind=ApplicantKind.DEPARTEMENT,
            code=area.code,
            name=area.name,
            departement=area.code,
            departements=(area.code,),
            region=official_regions.get(area.region or ""),
            population=inhabitants.get(area.code),
        )


def _regions(
    areas: Sequence[_Area], departements: Sequence[_Area], inhabitants: Mapping[str, int | None]
) -> Iterator[Territory]:
    for area in areas:
        if area.zone == OVERSEAS_COLLECTIVITE:
            continue
        codes = tuple(sorted(departement.code for departement in departements if departement.region == area.code))
        yield Territory(
            kind=ApplicantKind.REGION,
            code=area.code,
            name=area.name,
            departement=codes[0] if len(codes) == 1 else None,
            departements=codes,
            region=area.code,
            population=_sum(map(inhabitants.get, codes)),
        )


def _former(everything: Sequence[_Commune], current: Mapping[str, _Commune]) -> Iterator[Former]:
    for commune in everything:
        today = current.get(commune.merged_into or commune.part_of or "")
        if today and commune.type != CURRENT:
            yield Former(commune.code, commune.name, today.code)
        for code in commune.former_codes:
            yield Former(code, None, commune.code)
