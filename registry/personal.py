# ruff: noqa: RUF001 (words of many scripts)
"""Victims' personal data: columns of an accidents source that say who a person is.

Such a column is found by its header and its values together: a header alone may mean something else (the name of a
place, the number of a report), and values alone prove nothing. No sentence here repeats a value.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import pandas as pd

from registry.sources.values import is_missing

MOST = 0.5
"""Part of a column's values that must look like personal data before it is refused."""


class PersonalKind(StrEnum):
    """What a column says of a person."""

    NAME = "name"
    ADDRESS = "address"
    TELEPHONE = "telephone number"
    DOCUMENT = "document number"


@dataclass(frozen=True)
class PersonalColumn:
    """A column that holds personal data (``refused``), or may hold them; ``sentence`` says which and why."""

    column: str
    kind: PersonalKind
    refused: bool
    sentence: str


def find_personal(attributes: pd.DataFrame, place_names: Iterable[str] = ()) -> list[PersonalColumn]:
    """Find the columns that hold, or may hold, personal data of victims.

    Parameters
    ----------
    attributes
        The columns of an accidents source as read.
    place_names
        Names of the known districts; a column that holds mostly these names places.

    Returns
    -------
    columns
        In the order of the source. An empty column is never among them.
    """
    places = {_plain(name) for name in place_names}
    found = []
    for number, name in enumerate(map(str, attributes.columns)):
        suspicions = _suspicions(_words(name))
        if not suspicions:
            continue
        values = [value for value in attributes.iloc[:, number].tolist() if not is_missing(value)]
        texts = [str(value).strip()[:_LONGEST] for value in values]
        if texts and (personal := _judge(name, suspicions, texts, places)):
            found.append(personal)
    return found


@dataclass(frozen=True)
class _Suspicion:
    """What a header makes likely, and the test that its values must pass to be refused.

    ``silent``: without such values, nothing is said.
    """

    kind: PersonalKind
    looks_so: Callable[[Sequence[str], Collection[str]], bool]
    silent: bool = False


def _judge(
    column: str, suspicions: Sequence[_Suspicion], texts: Sequence[str], places: Collection[str]
) -> PersonalColumn | None:
    for one in suspicions:
        if one.looks_so(texts, places):
            sentence = f"Column {column!r} holds what looks like a person's {one.kind}, by its header and its values."
            return PersonalColumn(column, one.kind, True, sentence)
    for one in suspicions:
        if not one.silent:
            sentence = f"Column {column!r} may hold a person's {one.kind} by its header; its values do not show it."
            return PersonalColumn(column, one.kind, False, sentence)
    return None


def _suspicions(words: Sequence[str]) -> list[_Suspicion]:
    """What the words of a header make likely."""
    found = []
    if _has(words, _DOCUMENT) or any(_has(words, one) and _has(words, other) for one, other in _DOCUMENT_PAIRS):
        found.append(_Suspicion(PersonalKind.DOCUMENT, _look_like_document_numbers))
    if _has(words, _TELEPHONE):
        found.append(_Suspicion(PersonalKind.TELEPHONE, _look_like_telephone_numbers))
    if _has(words, _ADDRESS):
        of_event = _has(words, _EVENT) and not _has(words, _PERSON)
        found.append(_Suspicion(PersonalKind.ADDRESS, _never if of_event else _look_like_addresses))
    if not _has(words, _THING):
        bare = _has(words, _BARE_NAME)
        if _has(words, _NAME) or (bare and _has(words, _PERSON, _PART_OF_NAME)):
            found.append(_Suspicion(PersonalKind.NAME, _look_like_any_names))
        elif bare:
            found.append(_Suspicion(PersonalKind.NAME, _look_like_full_names))
        elif _has(words, _PERSON):
            found.append(_Suspicion(PersonalKind.NAME, _look_like_full_names, silent=True))
    return found


def _never(_texts: Sequence[str], _places: Collection[str]) -> bool:
    return False


def _look_like_document_numbers(texts: Sequence[str], _: Collection[str]) -> bool:
    return _most(texts, _is_document_number)


def _is_document_number(text: str) -> bool:
    compact = re.sub(r"[\s.\-/#№]", "", text)
    digits = sum(character.isdigit() for character in compact)
    return 5 <= len(compact) <= 20 and compact.isalnum() and digits >= 4 and not _DATE.fullmatch(text)


def _look_like_telephone_numbers(texts: Sequence[str], _: Collection[str]) -> bool:
    return _most(texts, _is_telephone_number)


def _is_telephone_number(text: str) -> bool:
    if not re.fullmatch(r"[\d\s+()./,;\-]+", text) or _DATE.fullmatch(text):
        return False
    return any(6 <= len(re.sub(r"\D", "", part)) <= 15 for part in re.split(r"[,;/]", text))


def _look_like_addresses(texts: Sequence[str], places: Collection[str]) -> bool:
    return _most(texts, _is_address, but=places)


def _is_address(text: str) -> bool:
    if re.fullmatch(r"[^\s@]+@[^\s@]+\.\w+", text):
        return True
    words = _words(text)
    if _DISTANCE.search(text) or not any(len(word) >= 3 for word in words):
        return False
    return _has(words, _STREET) or _HOUSE_NUMBER.search(text) is not None


def _look_like_any_names(texts: Sequence[str], places: Collection[str]) -> bool:
    """Values under a header that can only mean persons: a few words, however they are written."""
    return _most(texts, _is_any_name, but=places)


def _is_any_name(text: str) -> bool:
    words = _name_words(text)
    return 1 <= len(words) <= 6 and any(len(word) > 1 for word in words) and _plain(text) not in _NO_NAME


def _look_like_full_names(texts: Sequence[str], places: Collection[str]) -> bool:
    """Values that are names by themselves: two to four capitalised words, different in most rows, no known places."""
    # Names of places come again and again where names of victims seldom do.
    return len({_plain(text) for text in texts}) > MOST * len(texts) and _most(texts, _is_full_name, but=places)


def _is_full_name(text: str) -> bool:
    words = [word for word in _name_words(text) if _plain(word) not in _PARTICLES]
    return 2 <= len(words) <= 4 and all(map(_is_capitalised, words)) and not _has(_words(text), _THING)


def _is_capitalised(word: str) -> bool:
    """Whether a word begins with a capital; a script without capitals leaves that open."""
    return not word[0].islower()


def _name_words(text: str) -> list[str]:
    """The words of a text that holds nothing but words, initials and the marks between them; else none."""
    composed = unicodedata.normalize("NFC", text)
    if re.fullmatch(r"(?:[^\W\d_]|[\s.,'’ʼ`\-])+", composed) is None:
        return []
    return re.findall(r"[^\W\d_]+(?:['’ʼ`\-][^\W\d_]+)*", composed)


def _most(texts: Sequence[str], looks_so: Callable[[str], bool], *, but: Collection[str] = ()) -> bool:
    """Whether most texts look so, those that are named in ``but`` not counted among them."""
    times = Counter(texts)
    return sum(times[text] for text in times if _plain(text) not in but and looks_so(text)) > MOST * len(texts)


def _has(words: Sequence[str], *vocabularies: re.Pattern[str]) -> bool:
    return any(vocabulary.fullmatch(word) for vocabulary in vocabularies for word in words)


def _words(text: str) -> list[str]:
    """The words of a header or a value, as they are compared: ``victimName`` and ``VICTIM_NAME`` are victim, name."""
    text = re.sub(r"\b(\w)\.\s?(\w)\.\s?(\w)\b\.?", r"\1\2\3 ", text)
    text = re.sub(r"['’ʼ`]", "", re.sub(r"\b([dln])['’]", r"\1 ", text, flags=re.IGNORECASE))
    parted = "".join(f" {here}" if last.islower() and here.isupper() else here for last, here in pairwise(f" {text}"))
    return [word.removeprefix("ال") if len(word) > 4 else word for word in re.findall(r"[^\W\d_]+", _plain(parted))]


def _plain(text: Any) -> str:
    """Text without case, accents and outer blanks."""
    folded = unicodedata.normalize("NFKD", " ".join(str(text).split()).casefold())
    return "".join(each for each in folded if not unicodedata.combining(each)).translate(_LOOK_ALIKE)


_LOOK_ALIKE = str.maketrans({"ı": "i", "ə": "e", "đ": "d", "ø": "o", "ł": "l"})


def _vocabulary(*words: str) -> re.Pattern[str]:
    """A pattern of words as `_words` gives them; one that ends in a star may go on."""
    parts = [_plain(word).replace("*", r"\w*") for line in words for word in line.split()]
    return re.compile("|".join(parts))


def _words_of(*lines: str) -> frozenset[str]:
    return frozenset(_plain(word) for line in lines for word in line.split())


_LONGEST = 200
"""Nothing is read beyond this: no name, address or number is longer."""

_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_DISTANCE = re.compile(r"\d\s*(?:km|m|км|м|կմ|մ|كم|م)\b", re.IGNORECASE)
_HOUSE_NUMBER = re.compile(r"(?<![\w.,])\d{1,5}\s?[^\W\d_]?(?![\w.,]\d)\b")

# Words of headers in English, Russian, Ukrainian, Azerbaijani, Armenian, Bosnian / Croatian / Serbian, Spanish, French,
# Arabic and Dutch, a line each where there are several.

_NAME = _vocabulary(
    "surname* lastname* firstname* fullname* forename* givenname* familyname* middlename* fname lname patronym*",
    "фамили* отчеств* фио familiya* otchestv* fio",
    "прізвищ* батьков* піб",
    "soyad* soyisim*",
    "ազգանուն* հայրանուն*",
    "prezim* презим*",
    "apellido*",
    "prénom*",
    "لقب* كنية* شهرة*",
    "achternaam* voornaam* familienaam* voorletter*",
)
_BARE_NAME = _vocabulary(
    "name names nam имя имени имена імя імені ad adı adlar անուն* ime imena име nombre* nom noms اسم* اسماء naam namen"
)
_PART_OF_NAME = _vocabulary(
    "first last family given full maiden middle father* mother*",
    "полн* отца матери повн* ata atası* հոր* puno oca majke",
    "completo* primer* segundo* complet* famille كامل* أب ثلاثي رباعي volledig*",
)
_PERSON = _vocabulary(
    "victim* casualt* survivor* person* deceased* patient* beneficiar* witness* informant* driver* owner*",
    "жертв* пострадавш* потерпевш* погибш* ранен* лица лицо",
    "постраждал* потерпіл* загибл* поранен* особа особи",
    "zərərçək* həlak* yaralı* qurban* şəxs*",
    "տուժած* զոհ* վիրավոր* անձի անձ",
    "žrtv* stradal* nastradal* poginul* povrijed* povređen* ranjen* osoba osobe lice lica жртв* страдал* настрадал*",
    "víctima* herido* fallecid* afectad* persona* lesionad*",
    "victime* blessé* décédé* personne*",
    "ضحية* ضحايا* مصاب* قتيل* جريح* شخص* متوفى*",
    "slachtoffer* gewond* overleden* persoon*",
)
_THING = _vocabulary(
    "place* village* settlement* town* city* district* munic* region* provin*",
    "depart* county* country* canton* commune*",
    "admin* adm area* zone* site* locat* localit* map* sheet* file*",
    "layer* shape* event* incident* accident* type* device*",
    "model* mine mines minefield* weapon* ammun* org* agency* unit* team*",
    "operator* compan* source* road* river* field*",
    "column* code* project* activit* hospital* school* church* bridge* hill*",
    "mountain* valley* camp* base* post* farm*",
    "насел* село села сел город* район* област* мест* карт* лист* файл*",
    "организац* тип* устройств* мост* река дорог* поле",
    "місц* місто міст* населен* громад* аркуш* організац* пристр* дорог*",
    "rayon* kənd* şəhər* ərazi* yer* fayl* xəritə* təşkilat* növ*",
    "համայնք* գյուղ* մարզ* քաղաք* վայր* քարտեզ* տեսակ* կազմակերպ*",
    "općin* opštin* naselj* mjest* mesto* sela selo grad kanton* datotek*",
    "organizacij* vrsta* polje most rijek* cesta put",
    "vereda* lugar* sitio* poblado* corregimiento* barrio* mapa* hoja* archivo*",
    "tipo* organizaci* puente* río cerro* finca*",
    "lieu* ville* village* région* carte* feuille* fichier* organisme* pont rivière* école*",
    "قرية* مدينة* منطقة* محافظة* موقع* مكان* خريطة* ملف* منظمة* نوع* جسر* طريق* وادي* جبل*",
    "plaats* gemeente* dorp* stad* kaart* blad* bestand* gebied* soort* brug* weg",
)
_ADDRESS = _vocabulary(
    "address* addr adres* residence* email* mail адрес* улиц* прожив* вулиц* мешкан* ünvan* küçə* հասցե* փողոց*",
    "ulica ulice prebivališt* dirección* domicil* calle rue résiden* عنوان* شارع* سكن* straat* woonadres*",
)
_EVENT = _vocabulary(
    "event* incident* accident* locat* site* происшеств* инцидент* події подія",
    "інцидент* hadisə* դեպք* nesreć* događaj*",
    "evento* suceso* hecho* accidente* حادث* حوادث ongeval* voorval*",
)
_STREET = _vocabulary(
    "street st str road rd avenue ave lane улица ул вул вулиця проспект просп переулок пер дом кв küçə* küç mənzil ev",
    "փ փող փողոց ulica ul calle carrera cra avenida av manzana rue",
    "boulevard bd chemin allée شارع حي زقاق straat* laan",
    "*straat *laan",
)
_TELEPHONE = _vocabulary(
    "phone* telephone* tel telf cellphone* mobile* gsm whatsapp телефон* тел моб мобильн* мобільн* telefon* mobil*",
    "հեռախոս* teléfono* celular* móvil* téléphone* portable* هاتف* تلفون* جوال* موبايل* telefoon* gsmnummer*",
)
_DOCUMENT = _vocabulary(
    "passport* identit* ssn nationalid* idcard* паспорт* удостоверен* инн снилс посвідчен* рнокпп",
    "vəsiqə* pasport* անձնագ* pasoš* пасош* putovnic* jmbg јмбг oib iskaznic*",
    "cédula* dni nif pasaporte* passeport* cni cin جواز* هوية* paspoort* bsn rijksregister*",
)
_DOCUMENT_PAIRS = (
    (_vocabulary("national* personal* citizen* civil"), _vocabulary("id no nr number* num code* card*")),
    (_vocabulary("id"), _vocabulary("card*")),
    (_vocabulary("lična lične личн* osobna"), _vocabulary("kart* карт*")),
    (_vocabulary("matični матични"), _vocabulary("broj број")),
    (_vocabulary("número* nro no num"), _vocabulary("documento*")),
    (_vocabulary("رقم*"), _vocabulary("وطني قومي")),
)
_NO_NAME = _words_of(
    "unknown unidentified anonymous withheld redacted none yes no male female",
    "неизвестно неизвестный нет да невідомо ні",
    "так naməlum yox անհայտ nepoznat nepoznato desconocido desconocida inconnu inconnue مجهول onbekend",
)
_PARTICLES = _words_of("de del la las los da do dos di van von der den ten ter bin ibn ben al el ogly oglu kizi qizi")
