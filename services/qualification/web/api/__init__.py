"""What programs may do and read: cases, catalogue, pacts, figures, and the links of providers and parties."""

from services.qualification.web.api.cases import CASES_API
from services.qualification.web.api.catalogue import CATALOGUE_API, ORIENTATIONS_API
from services.qualification.web.api.figures import FIGURES_API
from services.qualification.web.api.pacts import PACTS_API, PARTIES_API

API = (CASES_API, FIGURES_API, CATALOGUE_API, ORIENTATIONS_API, PACTS_API, PARTIES_API)
