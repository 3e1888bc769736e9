"""Lists."""

from typing import Final

DENSITY_COOKIE: Final = "macle_density"
DENSITIES: Final = ("compact", "regular", "roomy")
