"""What a page must say about itself: what it may show to whom, what it does not mean, who reviewed its language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maps import style
from maps.words import ENGLISH, Catalogue, mark
from registry.model import Kind

UNREVIEWED = mark("No native speaker has reviewed this translation. The English notices hold.")


@dataclass(frozen=True)
class Notice:
    """A text that may save a life, and beneath it the English one while the translation is unreviewed (else None)."""

    text: str
    english: str | None


def notice(words: Catalogue) -> Notice:
    """What the map means and does not mean."""
    return Notice(words.say(style.NOTICE), words.english_too(style.NOTICE))


def restricted(kinds: Iterable[Kind], words: Catalogue) -> Notice | None:
    """The banner of a page with layers of these kinds; None where nothing in it is restricted."""
    present = set(kinds)
    contents = [name for kind, name in style.RESTRICTED_KINDS.items() if kind in present]
    if not contents:
        return None

    def banner(language: Catalogue) -> str:
        return language.say(style.RESTRICTED, contents=language.listed([language.say(name) for name in contents]))

    return Notice(banner(words), banner(ENGLISH) if words.is_unreviewed else None)


def left_out(names: Sequence[str], words: Catalogue, *, has_figures: bool) -> Notice | None:
    """What the registry holds and the page does not; None where that is nothing."""
    if not names:
        return None
    said = [words.say("Not on this map, though in the registry: {layers}.", layers="; ".join(names))]
    if has_figures:
        said.append(words.say("The figures count what is not on the map too."))
    return Notice(" ".join(said), None)


def unreviewed(words: Catalogue) -> Notice | None:
    """That no native speaker has reviewed the language of the page; None where one has."""
    return Notice(words.say(UNREVIEWED), words.english_too(UNREVIEWED)) if words.is_unreviewed else None


def generalised(side_km: int | None, words: Catalogue) -> Notice:
    """The banner of a public page: hexagons with sides of that many kilometres, or districts where it is None."""
    text = style.PUBLIC_BY_DISTRICT if side_km is None else style.PUBLIC_BY_HEXAGON
    return Notice(words.say(text, side=side_km), words.english_too(text, side=side_km))


def public_notice(words: Catalogue) -> Notice:
    """What a public map means and does not mean."""
    return Notice(words.say(style.PUBLIC_NOTICE), words.english_too(style.PUBLIC_NOTICE))
