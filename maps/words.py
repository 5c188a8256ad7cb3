"""The texts of a page in one language: English is the key, one catalogue in ``locale/`` holds each translation.

Catalogues are PO files, read as they are, so that another language is one more file and nothing has to be compiled.
Numbers have Western digits and a decimal point in every language, because positions and dates are read aloud, typed
in and compared with other documents; thousands are set apart with a comma in English alone, for elsewhere it would
be taken for a decimal mark.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib.resources import files

from registry.errors import RegistryError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_REVIEWED_BY = re.compile(r'^"X-Reviewed-By:[ \t]*(.*?)[ \t]*\\n"[ \t]*\r?$', re.MULTILINE)
_LEFT_TO_RIGHT_ISOLATE, _RIGHT_TO_LEFT_ISOLATE, _FIRST_STRONG_ISOLATE, _END_OF_ISOLATE = "\u2066\u2067\u2068\u2069"
_THIN_SPACE = "\u202f"


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language.

    ``language`` is a code as the attribute ``lang`` of HTML has it, ``direction`` its ``ltr`` or ``rtl``. ``texts``
    are translations by their English text, ``of_scripts`` those that the page's own scripts say. ``reviewed_by`` names
    the native speaker who has reviewed them, empty where nobody has.
    """

    language: str = "en"
    direction: str = "ltr"
    texts: Mapping[str, str] = field(default_factory=dict)
    of_scripts: Mapping[str, str] = field(default_factory=dict)
    reviewed_by: str = ""

    @property
    def is_unreviewed(self) -> bool:
        """Whether this is a translation that no native speaker has reviewed."""
        return self.language != "en" and not self.reviewed_by

    def say(self, text: str, /, **values: object) -> str:
        """The text in this language, English where it is not translated, with ``values`` in place of ``{names}``.

        What comes out is text, never markup, whatever catalogue and values hold. Values are set apart from writing
        in the other direction around them, and can themselves turn none.
        """
        return _filled(self.texts.get(text, text), values, right_to_left=self.direction == "rtl")

    def english_too(self, text: str, /, **values: object) -> str | None:
        """The English text, which belongs beneath the translation of a safety text while that is unreviewed."""
        return _filled(text, values, right_to_left=False) if self.is_unreviewed else None

    def listed(self, items: Sequence[str], *, with_commas: bool = False) -> str:
        """The items one after the other, as this language separates them; at least one.

        ``with_commas`` says that items may hold commas themselves.
        """

        def joined(listed: str, item: str) -> str:
            if with_commas:
                return self.say("{listed}; {item}", listed=listed, item=item)
            return self.say("{listed}, {item}", listed=listed, item=item)

        return reduce(joined, items)

    def number(self, value: float, decimals: int = 0) -> str:
        """A number with Western digits, a decimal point, and thousands set apart."""
        written = f"{value:,.{decimals}f}"
        return written if self.language == "en" else written.replace(",", _THIN_SPACE)

    def for_scripts(self) -> str:
        """The translations that scripts say, as JSON that can stand inside a script element."""
        return json.dumps(dict(self.of_scripts), ensure_ascii=False, sort_keys=True).replace("<", r"\u003c")


ENGLISH = Catalogue()


def mark(text: str) -> str:
    """The text itself: a constant that is translated where it is said. Catalogues list what is marked."""
    return text


def languages() -> list[str]:
    """The languages there are, English among them."""
    names = (entry.name for entry in (files("maps") / "locale").iterdir())
    return sorted({"en", *(name.removesuffix(".po").replace("_", "-") for name in names if name.endswith(".po"))})


def catalogue(language: str) -> Catalogue:
    """The catalogue of a language.

    Parameters
    ----------
    language
        One of `languages`.

    Raises
    ------
    RegistryError
        If there is none of that language, or it cannot be used: no PO file, a translation whose placeholders are not
        those of its English text, a code that no language has.
    """
    if language == "en":
        return ENGLISH
    if language not in languages():
        raise RegistryError(f"There is no language {language!r} for the page; name one of: {', '.join(languages())}.")
    name = f"{language.replace('-', '_')}.po"
    return read_catalogue((files("maps") / "locale" / name).read_text("utf-8"), language)


def read_catalogue(text: str, language: str) -> Catalogue:
    """The catalogue that a PO file holds, as `catalogue`. Texts that are empty or marked fuzzy stay English."""
    from babel import Locale, UnknownLocaleError
    from babel.messages.pofile import PoFileError, read_po

    try:
        direction = Locale.parse(language, sep="-").text_direction
        messages = [message for message in read_po(text.splitlines(), abort_invalid=True) if message.id]
    except (UnknownLocaleError, ValueError) as error:
        raise RegistryError(f"The catalogue {language!r} is not named by the code of a language: {error}.") from error
    except PoFileError as error:
        raise RegistryError(f"The catalogue {language!r} is no PO file that can be read: {error}.") from error
    texts, of_scripts = {}, {}
    for message in messages:
        if not message.string or message.fuzzy:
            continue
        english, said = message.id, message.string
        if not isinstance(english, str) or not isinstance(said, str) or placeholders(english) != placeholders(said):
            raise RegistryError(
                f"The catalogue {language!r} translates {english!r} with other names in braces, or by number; "
                f"write one text with the same names, as often: {said!r}."
            )
        texts[english] = said
        if _is_of_scripts([name for name, _ in message.locations]):
            of_scripts[english] = said
    reviewed_by = found[1] if (found := _REVIEWED_BY.search(text)) else ""
    return Catalogue(language, direction, texts, of_scripts, reviewed_by)


def placeholders(text: str) -> list[str]:
    """The names in braces of a text, sorted."""
    return sorted(_PLACEHOLDER.findall(text))


def _is_of_scripts(places: list[str]) -> bool:
    """Whether scripts say a text found in these files; where a catalogue does not say where, they may."""
    return not places or any(place.endswith(".js") for place in places)


def _filled(text: str, values: Mapping[str, object], *, right_to_left: bool) -> str:
    def value(found: re.Match[str]) -> str:
        written = str(values[found[1]])
        if not _is_closed(written):
            written = _CONTROLS.sub("", written)
        if not (right_to_left or _RIGHT_TO_LEFT.search(written)):
            return written
        # A text put together here runs as the page does, any other as its own first letter says.
        page = _RIGHT_TO_LEFT_ISOLATE if right_to_left else _LEFT_TO_RIGHT_ISOLATE
        return f"{page if _CONTROLS.search(written) else _FIRST_STRONG_ISOLATE}{written}{_END_OF_ISOLATE}"

    return _PLACEHOLDER.sub(value, text)


def _is_closed(written: str) -> bool:
    """Whether what turns the direction of writing in a text ends in it, so that it does not reach beyond."""
    depth = 0
    for character in _CONTROLS.findall(written):
        if character < _LEFT_TO_RIGHT_ISOLATE:
            return False
        depth += -1 if character == _END_OF_ISOLATE else 1
        if depth < 0:
            return False
    return depth == 0
