import base64
import hashlib
import itertools
import re

import numpy as np

from maps import assets, style
from maps.redact import range_ceilings, range_floors


def test_leaflet_is_inside_and_points_nowhere():
    assert assets.leaflet_script().startswith("/* @preserve")
    assert "sourceMappingURL" not in assets.leaflet_script()
    urls = re.findall(r"url\(([^)]*)\)", assets.leaflet_style())
    assert urls
    assert all(url.startswith(("data:image/png;base64,", "#")) for url in urls)


def test_no_script_can_end_its_element():
    for text in (assets.leaflet_script(), *assets.page_scripts(), *assets.public_scripts()):
        assert "</script" not in text.lower()
    for text in (assets.leaflet_style(), assets.page_style(), assets.public_style()):
        assert "</style" not in text.lower()


def test_our_script_never_writes_markup():
    script = "".join([*assets.page_scripts(), *assets.public_scripts()])
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in script


def test_policy_names_the_exact_texts():
    policy = assets.content_security_policy(["let a = 1"], ["p { color: red }"], [])
    digest = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "img-src data:;" in policy


def test_policy_admits_the_base_map_only():
    policy = assets.content_security_policy([], [], ["https://tile.example.org"])
    assert policy.count("https://") == 1
    assert "img-src data: https://tile.example.org;" in policy


def test_every_look_has_its_colours_in_the_style_sheet():
    text = assets.page_style()
    for name, look in assets.looks().items():
        assert f"--{name}:{look.light};" in text
        assert f"--{name}:{look.dark};" in text


def test_event_classes_differ_in_shape_and_none_is_green():
    shapes = [(look.shape, look.hollow) for look in style.EVENT_LOOKS.values()]
    assert len(set(shapes)) == len(shapes)
    for look in assets.looks().values():
        for colour in (look.light, look.dark):
            red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
            assert green <= max(red, blue), colour


def brightness(colour):
    """Relative luminance of WCAG 2, which is what is left of a colour in greyscale."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_shades_of_the_public_map_can_be_told_apart_in_greyscale_and_none_is_green():
    for shades in style.PUBLIC_SHADES.values():
        assert len(shades.light) == len(shades.dark) == len(style.PUBLIC_STARTS)
        for ramp in (shades.light[::-1], shades.dark):
            pairs = itertools.pairwise(brightness(colour) + 0.05 for colour in ramp)
            contrast = [more / less for less, more in pairs]
            assert min(contrast) > 1.3, ramp
        for colour in (*shades.light, *shades.dark):
            red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
            assert green <= max(red, blue), colour


def test_every_shade_is_in_the_style_sheet_of_the_public_map():
    text = assets.public_style()
    for name, shades in style.PUBLIC_SHADES.items():
        for number, (light, dark) in enumerate(zip(shades.light, shades.dark, strict=True)):
            assert f"--{name}-{number}:{light};" in text
            assert f"--{name}-{number}:{dark};" in text
            assert f"--shade-{number}:var(--{name}-{number});" in text
            assert f".shade-{number} {{ fill: var(--shade-{number}); }}" in text


def test_shades_begin_where_ranges_begin():
    starts = np.array(style.PUBLIC_STARTS)
    assert (range_floors(starts) == starts).all()
    assert (range_floors(starts - 1) < starts).all()
    assert (range_ceilings(starts[:-1]) == starts[1:] - 1).all()
