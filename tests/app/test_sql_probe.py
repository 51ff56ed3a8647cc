import asyncio

import psycopg
import pytest

from agents.rebecca import sql
from agents.rebecca.analysis import analyze
from agents.tools import SqlRejected, SqlUnavailable
from app.sql_probe import PostgresProbe

BEES = "Agent for beekeepers: beekeepers register hives, record inspections, and sell honey jars"


@pytest.fixture
def probe(postgres_url: str) -> PostgresProbe:
    return PostgresProbe(postgres_url)


def schemas(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'probe_%' OR nspname = 'kept'"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_a_designed_schema_is_carried_out_and_nothing_of_it_stays(probe, postgres_url):
    ddl = await asyncio.to_thread(lambda: sql.schema(analyze(BEES)))
    assert "COMMIT;" in ddl
    assert await probe.check(ddl) >= ddl.count("CREATE TABLE")
    assert await asyncio.to_thread(schemas, postgres_url) == 0


@pytest.mark.parametrize(
    ("ddl", "told"),
    [
        ("CREATE TABLE a (b bigint REFERENCES missing (id));", "missing"),
        ("CREATE TABLE a (id int);\nCREATE TABLE a (id int);", "already exists"),
        ("CREATE SCHEMA kept; COMMIT; CREATE TABLE a (id int);", "COMMIT"),
        ("DROP TABLE interactions;", "DROP"),
        ("CREATE TABLE a (", "does not parse"),
        ("SELECT pg_sleep(100);", "SELECT"),
    ],
)
async def test_what_postgres_rejects_or_should_not_see_is_told(probe, postgres_url, ddl, told):
    with pytest.raises(SqlRejected, match=told):
        await probe.check(ddl)
    assert await asyncio.to_thread(schemas, postgres_url) == 0


async def test_a_database_that_does_not_answer_is_told_apart():
    with pytest.raises(SqlUnavailable):
        await PostgresProbe("postgresql://nobody@127.0.0.1:1/none").check("CREATE TABLE a (id int);")
