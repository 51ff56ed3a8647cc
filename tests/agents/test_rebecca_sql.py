"""The generated schemas, executed by a real PostgreSQL."""

import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import Connection, errors, sql

from agents.rebecca import sql as ddl_maker
from agents.rebecca.analysis import analyze
from agents.rebecca.domains import domains
from agents.rebecca.model import Attribute, FieldType
from agents.rebecca.naming import RESERVED
from agents.tools import ToolRefused
from tests.agents.rebecca_cases import call, data, for_every_request, only

SALON = "Create a nail salon booking agent; Telegram, Russian, budget $100/month"


@pytest.fixture
def connection(postgres_url: str) -> Iterator[Connection]:
    """A connection that sees an empty schema of its own and no extension."""
    name = sql.Identifier("rebecca_test")
    with psycopg.connect(postgres_url, autocommit=True) as found:
        found.execute(sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE").format(name))
        found.execute(sql.SQL("CREATE SCHEMA {0}").format(name))
        found.execute(sql.SQL("SET search_path TO {0}, pg_catalog").format(name))
        yield found
        found.execute(sql.SQL("DROP SCHEMA {0} CASCADE").format(name))


def build(connection: Connection, request: str) -> str:
    ddl = only(call("generate_db_schema", request), "schema.sql").content
    connection.execute(ddl.encode())
    return ddl


def tables(connection: Connection) -> set[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'rebecca_test'").fetchall()
    return {row[0] for row in rows}


@for_every_request
def test_postgres_accepts_the_schema_and_has_its_tables(connection, request_text):
    build(connection, request_text)
    domain = analyze(request_text)
    assert tables(connection) == set(ddl_maker.tables(domain))


@for_every_request
def test_every_table_name_is_plain_ascii_and_not_reserved(request_text):
    for name in ddl_maker.tables(analyze(request_text)):
        assert re.fullmatch("[a-z][a-z0-9_]{0,62}", name)
        assert name not in RESERVED


@pytest.mark.slow
@pytest.mark.uncounted
def test_postgres_accepts_the_schema_of_every_trade(connection):
    for domain in domains():
        connection.execute("DROP SCHEMA rebecca_test CASCADE; CREATE SCHEMA rebecca_test")
        build(connection, f"Design an agent for a {domain.title}")
        assert "agent_messages" in tables(connection), domain.key


def fill_salon(connection: Connection) -> None:
    build(connection, SALON)
    connection.execute("INSERT INTO clients (full_name) VALUES ('Anna'), ('Berta')")
    connection.execute("INSERT INTO nail_technicians (full_name) VALUES ('Clara'), ('Dora')")
    connection.execute("INSERT INTO services (name, price, duration) VALUES ('manicure', 30, 60)")


def book(connection: Connection, technician: int, start: str, end: str, status: str = "confirmed") -> None:
    connection.execute(
        "INSERT INTO appointments (client_id, nail_technician_id, service_id, starts_at, ends_at, status) "
        "VALUES (1, %s, 1, %s, %s, %s)",
        (technician, f"2027-01-01 {start}+00", f"2027-01-01 {end}+00", status),
    )


def test_technician_cannot_be_booked_twice_at_one_time(connection):
    fill_salon(connection)
    book(connection, 1, "10:00", "11:00")
    with pytest.raises(errors.ExclusionViolation):
        book(connection, 1, "10:30", "11:30")


def test_adjoining_times_other_technicians_and_cancelled_times_are_free(connection):
    fill_salon(connection)
    book(connection, 1, "10:00", "11:00")
    book(connection, 1, "11:00", "12:00")
    book(connection, 2, "10:00", "11:00")
    book(connection, 1, "10:15", "10:45", "cancelled")
    assert connection.execute("SELECT count(*) FROM appointments").fetchone() == (4,)


def test_booking_that_ends_before_it_starts_is_rejected(connection):
    fill_salon(connection)
    with pytest.raises(errors.CheckViolation):
        book(connection, 1, "11:00", "10:00")


def test_client_with_appointments_cannot_be_deleted(connection):
    fill_salon(connection)
    book(connection, 1, "10:00", "11:00")
    with pytest.raises(errors.RestrictViolation):
        connection.execute("DELETE FROM clients WHERE id = 1")


@pytest.mark.parametrize(
    ("column", "value"),
    [("phone", "call me"), ("email", "nobody"), ("language", "Russian!"), ("full_name", "")],
)
def test_malformed_contact_data_are_rejected(connection, column, value):
    fill_salon(connection)
    statement = sql.SQL("UPDATE clients SET {} = %s WHERE id = 1").format(sql.Identifier(column))
    with pytest.raises(errors.CheckViolation):
        connection.execute(statement, (value,))


def test_optional_resources_that_are_not_set_do_not_exclude_each_other(connection):
    build(connection, "Design an agent for a dental clinic")
    connection.execute("INSERT INTO patients (full_name, date_of_birth) VALUES ('Anna', '1990-01-01')")
    connection.execute(
        "INSERT INTO dentists (full_name, licence_number) VALUES ('Clara', 'a'), ('Dora', 'b')"
    )
    connection.execute("INSERT INTO procedures (name, price, duration) VALUES ('filling', 80, 30)")
    for dentist in (1, 2):
        connection.execute(
            "INSERT INTO appointments (patient_id, dentist_id, procedure_id, starts_at, ends_at) "
            "VALUES (1, %s, 1, '2027-01-01 10:00+00', '2027-01-01 11:00+00')",
            (dentist,),
        )
    assert connection.execute("SELECT count(*) FROM appointments").fetchone() == (2,)


def test_hotel_room_is_free_again_on_the_day_of_departure(connection):
    build(connection, "A hotel agent, budget 90 EUR a month")
    connection.execute("INSERT INTO guests (full_name) VALUES ('Anna')")
    connection.execute("INSERT INTO room_types (name, price, sleeps) VALUES ('double', 120, 2)")
    connection.execute("INSERT INTO rooms (name, room_type_id, number) VALUES ('Garden', 1, '7')")
    stay = "INSERT INTO stays (guest_id, room_id, arrives_on, leaves_on, adults, children, price) VALUES (1, 1, %s, %s, 2, 0, 240)"
    connection.execute(stay, ("2027-01-01", "2027-01-03"))
    connection.execute(stay, ("2027-01-03", "2027-01-05"))
    with pytest.raises(errors.ExclusionViolation):
        connection.execute(stay, ("2027-01-04", "2027-01-06"))
    assert connection.execute("SELECT currency FROM stays LIMIT 1").fetchone() == ("EUR",)


def test_member_joins_a_class_once_unless_cancelled(connection):
    build(connection, "A gym bot")
    connection.execute("INSERT INTO members (full_name) VALUES ('Anna')")
    connection.execute("INSERT INTO trainers (full_name) VALUES ('Clara')")
    connection.execute("INSERT INTO training_rooms (name, seats) VALUES ('Hall', 20)")
    connection.execute(
        "INSERT INTO class_sessions (trainer_id, training_room_id, title, starts_at, ends_at, capacity) "
        "VALUES (1, 1, 'Yoga', '2027-01-01 10:00+00', '2027-01-01 11:00+00', 12)"
    )
    join = "INSERT INTO class_bookings (member_id, class_session_id, status) VALUES (1, 1, %s)"
    connection.execute(join, ("cancelled",))
    connection.execute(join, ("enrolled",))
    with pytest.raises(errors.UniqueViolation):
        connection.execute(join, ("enrolled",))


def test_channel_of_a_conversation_is_one_of_the_request(connection):
    build(connection, SALON)
    insert = "INSERT INTO agent_conversations (channel, channel_user_id) VALUES (%s, '42')"
    connection.execute(insert, ("telegram",))
    with pytest.raises(errors.CheckViolation):
        connection.execute(insert, ("slack",))


def test_answer_tells_tables_and_exclusions_and_shows_the_main_table():
    output = call("generate_db_schema", "Only the SQL schema for a bookshop")
    assert output.text.startswith(
        "PostgreSQL schema for the bookshop agent: 11 tables (customers, authors, books,"
    )
    assert "CREATE TABLE orders (" in output.text
    assert data(output)["exclusions"] == 0
    assert "1 exclusion of double bookings" in call("generate_db_schema", SALON).text


def test_tables_that_refer_to_each_other_are_linked_afterwards(connection):
    domain = analyze(SALON)
    link = Attribute(name="favourite_id", type=FieldType.REFERENCE, required=False, refers_to="appointment")
    (client, *rest) = domain.entities
    circular = client.model_copy(update={"attributes": (*client.attributes, link)})
    ddl = ddl_maker.schema(domain.model_copy(update={"entities": (circular, *rest)}))
    assert "ALTER TABLE clients ADD CONSTRAINT clients_favourite_id_fkey FOREIGN KEY" in ddl
    connection.execute(ddl.encode())


def test_domain_without_customers_still_has_its_conversations(connection):
    domain = analyze(SALON)
    lonely = tuple(entity for entity in domain.entities if entity.identifier == "service")
    connection.execute(ddl_maker.schema(domain.model_copy(update={"entities": lonely})).encode())
    assert tables(connection) == {"services", "agent_conversations", "agent_messages"}


@pytest.mark.parametrize(
    ("ddl", "fault"),
    [("CREATE TABLE (", "does not parse"), ("VACUUM FULL please;", "not understood")],
)
def test_sql_that_is_no_sql_is_refused(ddl, fault):
    with pytest.raises(ToolRefused, match=fault):
        ddl_maker.validate(ddl)
