"""How layers and events look, wherever they are drawn: on the web map, and in QGIS by the styles in the file itself.

Colours are told apart with every common kind of colour blindness (they follow the palettes of Okabe and Ito and of
Paul Tol) and never carry a meaning alone: classes of events differ in shape, kinds of areas in outline. Nothing is
green: no place is said to be free of mines. Constants, and which of them a layer takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from registry.model import Kind, Layer, LayerState


@dataclass(frozen=True)
class Look:
    """How one group of features is drawn.

    Colours are CSS colours on a light and on a dark page. ``shape`` is for points, ``dash`` (lengths in pixels) and
    ``fill_opacity`` for areas; ``hollow`` points have an outline only. ``ground`` areas are filled with the colour of
    the page where there is no base map.
    """

    light: str
    dark: str
    label: str
    shape: str = "circle"
    dash: str = ""
    weight: float = 1.0
    fill_opacity: float = 0.0
    hollow: bool = False
    ground: bool = False


INVALID_DASH = "4 4"
INVALID_LABEL = "Invalid geometry, left out of the figures"
INVALID_OPACITY = 0.06

# Batches of minefield records take these in turn, so that neighbouring batches differ.
MINEFIELD_LOOKS = tuple(
    Look(light, dark, "Recorded minefield", fill_opacity=0.3)
    for light, dark in (
        ("#882255", "#f08fb4"),
        ("#332288", "#a8a2f2"),
        ("#9c4a00", "#e8b27a"),
        ("#aa4499", "#dd9be0"),
        ("#4a4a4a", "#d0d0d0"),
    )
)

KIND_LOOKS: Mapping[Kind, Look] = {
    Kind.SURVEYED: Look("#7a5c00", "#dcc36a", "Surveyed hazardous area", dash="7 3", weight=1.4, fill_opacity=0.12),
    Kind.RELEASED: Look("#0b7285", "#7fd3e6", "Land recorded as released", dash="1 4", weight=1.6, fill_opacity=0.08),
    Kind.DEVICES: Look("#222222", "#eeeeee", "Device found", shape="cross"),
    Kind.DISTRICTS: Look("#8a939c", "#6c7680", "District", weight=0.8, ground=True),
    Kind.SCOPE: Look("#3c4650", "#c3ccd4", "What the giving party says it covers", dash="12 5", weight=2.0),
}

NOT_COMPARED = "not-compared"

EVENT_LOOKS: Mapping[str, Look] = {
    "inside": Look("#0072b2", "#62b6ee", "Inside a record", shape="circle"),
    "near": Look("#e69f00", "#f2bd45", "Near a record, outside it", shape="diamond"),
    "outside": Look("#d1410c", "#ff8a5c", "Outside every record (no record there)", shape="triangle"),
    "out-of-scope": Look("#5f6a74", "#a9b4bd", "Out of scope", shape="square", hollow=True),
    NOT_COMPARED: Look("#37474f", "#cfd8dc", "Event, not compared", shape="circle", hollow=True),
}

CLUSTER_LOOK = Look(
    "#d1410c", "#ff8a5c", "Unmapped cluster of events, not a hazard area", dash="2 3", weight=2.0, fill_opacity=0.08
)

# What left the figures is still in the file, and must not be taken for what is in them.
_ENDED_LIGHT, _ENDED_DARK, _ENDED_DASH = "#8a8f94", "#7c8388", "1 4"


def layer_looks(layers: Sequence[Layer]) -> list[Look]:
    """The look of each layer, as the web map gives it: active batches of records take their colours in turn.

    Parameters
    ----------
    layers
        All layers of a registry, in the order in which they were added.

    Returns
    -------
    looks
        Events are not compared here. Layers superseded or withdrawn are grey and say so.
    """
    looks = []
    batches = 0
    for layer in layers:
        look = EVENT_LOOKS[NOT_COMPARED] if layer.kind is Kind.ACCIDENTS else KIND_LOOKS.get(layer.kind)
        if look is None:
            look = MINEFIELD_LOOKS[batches % len(MINEFIELD_LOOKS)]
            batches += layer.state is LayerState.ACTIVE
        looks.append(look if layer.state is LayerState.ACTIVE else _ended(look, layer.state))
    return looks


def _ended(look: Look, state: LayerState) -> Look:
    return replace(
        look,
        light=_ENDED_LIGHT,
        dark=_ENDED_DARK,
        label=f"{look.label}: {state}, not in the figures",
        dash=_ENDED_DASH,
        fill_opacity=0.0,
        hollow=True,
    )
