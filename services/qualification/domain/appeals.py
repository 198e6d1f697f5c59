"""Ways and terms of appeal against a decision of a département, and the quality in which its author signs."""

from shared.territory.administrative_courts import jurisdictions, of_departement


def court_of(departement: str) -> str | None:
    """Return the administrative court that hears appeals against decisions of a département (CJA, art. R. 221-3)."""
    known = jurisdictions().get(departement)
    return known.court if known else None


def ways_of_appeal(departement: str) -> str:
    """Return what a decision says of its appeals, where the directory has no words of its own.

    Terms: code de justice administrative, art. R. 421-1 and R. 421-2; code des relations entre le public et
    l'administration, art. L. 411-2. The sources name no authority above the préfet for this: the minister is a default.
    """
    court = court_of(departement) or "tribunal administratif"
    return (
        "Vous pouvez contester cette décision dans les deux mois qui suivent sa notification\u00a0: par un recours "
        f"gracieux adressé au préfet {of_departement(departement)}, par un recours hiérarchique adressé au ministre "
        f"chargé de la cohésion des territoires, ou par un recours contentieux devant le {court}, par courrier ou par "
        "Télérecours citoyens (www.telerecours.fr). Un recours gracieux ou hiérarchique formé dans ces deux mois "
        "prolonge le délai\u00a0: vous pouvez encore saisir le tribunal dans les deux mois qui suivent la réponse. "
        "Sans réponse au bout de deux mois, ce recours est rejeté, et les deux mois pour saisir le tribunal "
        "commencent alors."
    )


def default_quality(departement: str) -> str:
    """Return in which quality a délégué signs of whom no administrator entered any: the role, and no delegation."""
    return f"délégué territorial {of_departement(departement)}"
