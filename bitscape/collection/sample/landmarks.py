"""The landmarks of the sample: four families of three look-alikes, their labels and how far away one stands."""

from collections.abc import Callable
from dataclasses import dataclass

from bitscape.collection.sample.church import church
from bitscape.collection.sample.domed import domed_hall
from bitscape.collection.sample.house import house
from bitscape.collection.sample.shapes import Mesh
from bitscape.collection.sample.surfaces import Kind, Surface
from bitscape.collection.sample.surroundings import surroundings
from bitscape.collection.sample.temple import temple


@dataclass(frozen=True)
class Landmark:
    """One building.

    Attributes:
        build: adds it to a mesh, given the variant and a seed.
        variant: 0 to 2, which of the look-alikes.
        labels: what it is, what it is made of, and details.
        distance: of the nearest photographs from the front, metres; the farthest are twice as far.
        height: metres, to aim at its middle.
        paving: slab of the square in front, metres.
    """

    build: Callable[[Mesh, int, int], None]
    variant: int
    labels: tuple[str, ...]
    distance: float
    height: float
    paving: tuple[float, float]

    def scene(self, seed: int) -> Mesh:
        """Return the building with ground and horizon; equal seeds give equal scenes."""
        mesh = Mesh()
        self.build(mesh, self.variant, seed)
        width, height = self.paving
        ground = Surface(Kind.GROUND, "#958c7e", "#62703f", (width, height, 3.0 + 0.95 * self.distance), seed + 5000)
        surroundings(mesh, ground, seed + 6000)
        return mesh


_CHURCH = ("church", "sandstone", "slate roof", "spire", "tower")
_TEMPLE = ("temple", "marble", "tile roof", "columns", "pediment")
_HOUSE = ("house", "timber", "plaster", "tile roof", "gable")
_DOMED = ("domed hall", "limestone", "copper roof", "dome", "columns", "pediment")

LANDMARKS: dict[str, Landmark] = {
    "church_anne": Landmark(church, 0, (*_CHURCH, "pointed windows", "clock"), 22, 30, (0.7, 0.5)),
    "church_clare": Landmark(church, 1, (*_CHURCH, "pointed windows"), 22, 31, (0.35, 0.25)),
    "church_martin": Landmark(church, 2, (*_CHURCH, "round windows", "clock"), 22, 28, (1.0, 0.6)),
    "hall_archive": Landmark(domed_hall, 0, (*_DOMED, "round windows"), 21, 23, (1.1, 0.8)),
    "hall_museum": Landmark(domed_hall, 1, (*_DOMED, "round windows"), 21, 21, (0.6, 0.6)),
    "hall_senate": Landmark(domed_hall, 2, (*_DOMED, "square windows"), 21, 24, (0.8, 0.4)),
    "house_baker": Landmark(house, 0, (*_HOUSE, "square windows", "shutters"), 14, 15, (0.3, 0.22)),
    "house_cooper": Landmark(house, 1, (*_HOUSE, "square windows", "shutters"), 14, 16, (0.45, 0.3)),
    "house_miller": Landmark(house, 2, (*_HOUSE, "square windows", "shutters"), 14, 17, (0.25, 0.25)),
    "temple_dawn": Landmark(temple, 0, _TEMPLE, 15, 13, (1.2, 0.9)),
    "temple_oak": Landmark(temple, 1, (*_TEMPLE, "square windows"), 15, 13, (0.9, 0.9)),
    "temple_rain": Landmark(temple, 2, _TEMPLE, 15, 13, (1.5, 0.7)),
}
