import asyncio
from pathlib import Path

from kg.sqlite_store.database import Database


async def test_callers_who_give_up_do_not_stop_the_writer(tmp_path: Path) -> None:
    database = Database(tmp_path / "store.db")
    database.open()
    for _ in range(200):
        write = asyncio.ensure_future(database.write(lambda connection: connection.execute("SELECT 1").fetchone()))
        await asyncio.sleep(0)
        write.cancel()
        await asyncio.gather(write, return_exceptions=True)
    assert await database.write(lambda connection: connection.execute("SELECT 2").fetchone()) == (2,)
    database.close()
