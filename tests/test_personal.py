# ruff: noqa: RUF001 (words of many scripts)
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.findings import CHECKS
from registry.model import Kind
from registry.personal import PersonalColumn, PersonalKind, find_personal
from registry.schema import stated_fields

PEOPLE = ["Ivan Petrov", "Анна Сидорова", "Maria López", "Jan de Vries"]
PLACES = ["Doboj", "Tuzla", "San José", "Вірменія"]


def columns_of(**columns):
    return pd.DataFrame(columns)


def only(header, values, places=PLACES):
    return find_personal(pd.DataFrame({header: values}), places)


def is_refused(header, values, kind):
    return [(found.column, found.kind, found.refused) for found in only(header, values)] == [(header, kind, True)]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("victim_name", ["Ivan Petrov", "anna sidorova"]),
        ("VictimName", PEOPLE),
        ("VICTIM_NAM", PEOPLE),
        ("Surname", ["Petrov", "Ivanova"]),
        ("FIRSTNAME", ["Ivan", "Ivan", "Ivan"]),
        ("first name", ["Ivan", "Anna"]),
        ("Ф.И.О. пострадавшего", ["Петров И.И.", "Сидорова А.Б."]),
        ("Фамилия", ["ПЕТРОВ", "СИДОРОВА"]),
        ("Отчество", ["Иванович", "Ильинична"]),
        ("Прізвище", ["Коваль", "Шевченко"]),
        ("Ім'я потерпілого", ["Іван", "Олена"]),
        ("Soyadı", ["Əliyev", "Məmmədova"]),
        ("Adı, soyadı", ["Əli Əliyev", "Leyla Məmmədova"]),
        ("Ազգանուն", ["Խաչատրյան", "Պետրոսյան"]),
        ("Ime i prezime", ["Marko Marković", "Ana Đurić"]),
        ("Презиме", ["Марковић", "Ђурић"]),
        ("Apellidos", ["García Pérez", "López"]),
        ("Nombre de la víctima", ["José", "María del Carmen"]),
        ("Prénom", ["Jean-Luc", "Anne"]),
        ("Nom de la victime", ["Dupont", "N'Diaye"]),
        ("اسم الضحية", ["محمد علي", "فاطمة حسن"]),
        ("اللقب", ["حسن", "علي"]),
        ("Achternaam", ["de Vries", "Jansen"]),
        ("naam slachtoffer", ["Jan de Vries", "Piet"]),
        ("name", PEOPLE),
        ("Имя", ["Анна Сидорова", "Иван Петров"]),
        ("victim", PEOPLE),
        ("Пострадавший", ["Иван Петров", "Анна Сидорова"]),
    ],
)
def test_names_are_refused(header, values):
    assert is_refused(header, values, PersonalKind.NAME)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Address", ["12 Main Street", "Titova 5a"]),
        ("Адрес пострадавшего", ["ул. Ленина, д. 5", "проспект Мира"]),
        ("Адреса", ["вул. Шевченка 12", "вул. Франка 3"]),
        ("Ünvan", ["Nizami küçəsi 5", "Füzuli küç. 12"]),
        ("Հասցե", ["Աբովյան փողոց 3", "Տերյան 12"]),
        ("Adresa", ["ulica Titova 12", "Ferhadija 3"]),
        ("Dirección", ["Calle 5 # 10-20", "Carrera 7 No 3"]),
        ("Domicile", ["12 rue de la Paix", "3 allée des Pins"]),
        ("عنوان السكن", ["شارع النيل 12", "شارع السلام"]),
        ("Woonadres", ["Kerkstraat 5", "Dorpsplein 12"]),
        ("e-mail", ["someone@example.org", "other@example.org"]),
    ],
)
def test_addresses_are_refused(header, values):
    assert is_refused(header, values, PersonalKind.ADDRESS)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("phone", ["+387 61 123-456", "061/222-333"]),
        ("TELEPHONE_", ["(012) 345 67 89", "0123456789, 0129876543"]),
        ("Mobile", [994501234567.0, 994501234568.0]),
        ("Телефон", ["8 (495) 123-45-67", "+7 495 1234567"]),
        ("Հեռախոս", ["+374 10 123456", "093123456"]),
        ("Teléfono", [3001234567, 3009876543]),
        ("Téléphone", ["01 23 45 67 89", "06 12 34 56 78"]),
        ("رقم الهاتف", ["0100 123 4567", "٠١٠٠١٢٣٤٥٦٧"]),
        ("Telefoonnummer", ["06-12345678", "020 1234567"]),
        ("Telefon nömrəsi", ["+994 50 123 45 67", "0501234567"]),
    ],
)
def test_telephone_numbers_are_refused(header, values):
    assert is_refused(header, values, PersonalKind.TELEPHONE)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("passport_no", ["AB 123456", "CD654321"]),
        ("National ID", ["1234567890", "1234567891"]),
        ("Паспорт", ["4509 123456", "4510 654321"]),
        ("Серія паспорта", ["КВ 123456", "МТ 654321"]),
        ("Şəxsiyyət vəsiqəsi", ["AZE12345678", "AA1234567"]),
        ("Անձնագիր", ["AN0123456", "AP0654321"]),
        ("JMBG", ["0101970123456", "0202980123456"]),
        ("broj lične karte", ["12AB34567", "98CD76543"]),
        ("Cédula", ["12.345.678", "1.234.567.890"]),
        ("Número de documento", [12345678, 87654321]),
        ("Carte d'identité", ["880692310285", "770692310286"]),
        ("الرقم الوطني", ["9871012345", "9881054321"]),
        ("Paspoort", ["NXX123456", "NYY654321"]),
    ],
)
def test_document_numbers_are_refused(header, values):
    assert is_refused(header, values, PersonalKind.DOCUMENT)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("name", ["Incident 1", "Incident 2"]),
        ("Name", ["North Bridge", "Mountain Camp"]),
        ("nombre", ["San José", "San José", "San José"]),
        ("nombre", ["Puerto Rico", "Puerto Rico", "San Vicente", "San Vicente"]),
        ("name", ["Doboj", "San José"]),
        ("name", ["petrov", "ivanova"]),
        ("Nom", ["a1", "a2"]),
        ("surname", ["x-17", "x-18"]),
        ("victim_name", ["unknown", "unknown"]),
        ("surname", ["Doboj", "Tuzla"]),
        ("address", ["Doboj", "Tuzla"]),
        ("address", ["5 km north of Doboj", "300 m od puta"]),
        ("accident address", ["Main Street 5", "Titova 12"]),
        ("phone", ["yes", "no"]),
        ("telefon", ["12.05.2005", "13.05.2005"]),
        ("passport", ["yes", "no"]),
        ("passport", ["2005-05-12", "2005-05-13"]),
    ],
)
def test_a_header_alone_is_a_warning(header, values):
    (found,) = only(header, values)
    assert not found.refused
    assert found.sentence.endswith("its values do not show it.")
    assert "personal-data-possible" in CHECKS


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("MUNICIPIO", ["SAN VICENTE", "PUERTO RICO"]),
        ("DEPARTAMENTO", ["ANTIOQUIA", "NORTE DE SANTANDER"]),
        ("NOMBRE_MUNICIPIO", ["San Vicente", "Puerto Rico"]),
        ("MPIO_CNMBR", ["FLORENCIA", "ALBANIA"]),
        ("village_name", PEOPLE),
        ("Название села", PEOPLE),
        ("Naziv općine", PEOPLE),
        ("shapeName", PEOPLE),
        ("file_name", PEOPLE),
        ("Device name", ["Petar Mina", "Old Shell"]),
        ("org_name", ["Norwegian People", "Halo Trust"]),
        ("fileId", ["2585-III", "2681-II"]),
        ("map_sheet", ["N-38-1", "K-38-144"]),
        ("TIPO_EVENTO", ["1", "2"]),
        ("accident_id", ["20050012", "20050013"]),
        ("victim_id", ["20050012", "20050013"]),
        ("document_id", ["12345678", "87654321"]),
        ("victims", [1, 2]),
        ("killed", [3001234567, 2]),
        ("victims_killed", [0, 1]),
        ("AÑO", ["2005", "2006"]),
        ("date", ["2005-05-12", "12.05.2005"]),
        ("lat", [40.123456, 40.2]),
        ("remarks", PEOPLE),
        ("name", [None, ""]),
        ("phone", [None, float("nan")]),
    ],
)
def test_no_false_alarm(header, values):
    assert only(header, values) == []


def test_our_own_fields_raise_no_alarm():
    names = [name for name in stated_fields(Kind.ACCIDENTS) if not name.startswith("victims_by_")]
    assert find_personal(pd.DataFrame(dict.fromkeys(names, "Ivan Petrov"), index=range(4)), PLACES) == []


def test_a_breakdown_of_victims_is_a_count_unless_it_names_them():
    assert only("victims_by_role", ['{"civilian": 2}', '{"journalist": 1}']) == []
    assert is_refused("victims_by_role", PEOPLE, PersonalKind.NAME)


def test_columns_come_in_the_order_of_the_source():
    found = find_personal(columns_of(phone=["061222333"], name=["Incident 1"], surname=["Petrov"]))
    assert [(each.column, each.refused) for each in found] == [("phone", True), ("name", False), ("surname", True)]


def test_a_few_values_do_not_decide():
    assert not only("name", [*PEOPLE, *(f"Incident {number}" for number in range(4))])[0].refused
    assert only("name", [*PEOPLE, *(f"Incident {number}" for number in range(3))])[0].refused


@given(st.lists(st.text(), min_size=1), st.sampled_from(["name", "victim name", "address", "phone", "passport"]))
def test_a_sentence_repeats_the_header_and_no_value(values, header):
    expected = only(header, ["Ivan Petrov", "1"])[0].sentence
    for found in only(header, values):
        assert isinstance(found, PersonalColumn)
        assert found.sentence == expected or found.refused
        assert found.sentence.startswith(f"Column {header!r} ")
        assert len(found.sentence) < 120


@given(st.text(), st.lists(st.none() | st.integers() | st.floats() | st.text()))
def test_any_source_can_be_looked_at(header, values):
    find_personal(pd.DataFrame({header: pd.Series(values, dtype=object)}))


@pytest.fixture(scope="module")
def shared():
    """The real data beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared/data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


@pytest.mark.shared
@pytest.mark.parametrize(
    "path",
    [
        "colombia-mine-events/Minas/1993.json",
        "colombia-mine-events/Minas/2005.json",
        "colombia-mine-events/co_2018_MGN_MPIO_POLITICO.geojson",
        "colombia-mine-events/co_2018_MGN_DPTO_POLITICO.geojson",
        "bih-mines/incidents.geojson",
        "bih-mines/lifted_minefields.geojson",
        "bih-mines/cantons.geojson",
    ],
)
def test_real_sources_raise_no_alarm(shared, path):
    frame = gpd.read_file(shared / path)
    assert find_personal(frame.drop(columns="geometry")) == []
