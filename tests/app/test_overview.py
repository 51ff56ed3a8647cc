"""What the service tells of itself."""

from redis.asyncio import Redis

from app.database import open_pool
from app.overview import Overview


async def test_sizes_are_those_of_the_stores_and_of_what_stands_in_the_folder(
    database_url, redis_url, tmp_path
):
    (tmp_path / "rules").write_bytes(b"x" * 10)
    (tmp_path / "chroma" / "deep").mkdir(parents=True)
    (tmp_path / "chroma" / "deep" / "data").write_bytes(b"x" * 5000)
    (tmp_path / "elsewhere").symlink_to("/usr")
    pool = await open_pool(database_url, min_size=1, max_size=1, restricted=True)
    async with Redis.from_url(redis_url, driver_info=None) as redis:
        found = await Overview(pool, redis, tmp_path, residents=tuple, active=int).storage()
    await pool.close()
    assert next(iter(found.folder.items())) == ("chroma", 5000)
    assert found.folder["rules"] == 10
    assert found.folder["elsewhere"] < 100
    assert found.database is not None
    assert found.database > 1_000_000
    assert found.redis
    assert found.free > 0


def test_versions_name_what_is_installed():
    found = Overview(None, None, None, residents=tuple, active=int).versions()  # type: ignore[arg-type]  # not asked
    assert {"freya", "python", "langgraph"} <= set(found)
