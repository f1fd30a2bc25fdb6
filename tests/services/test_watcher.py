import asyncio

from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import Loader
from gatewright.services.watcher import Watcher

SOURCE = "from gatewright.services import service\n@service(inline=True)\ndef f() -> int:\n    return 1\n"


async def test_change_on_disk_is_published_once(tmp_path) -> None:
    published: list[Catalogue] = []
    arrived = asyncio.Event()

    def publish(catalogue: Catalogue) -> None:
        published.append(catalogue)
        if "a:f" in catalogue.services:
            arrived.set()

    watcher = Watcher(Loader(tmp_path), publish, interval=0.01)
    task = asyncio.create_task(watcher.run())
    (tmp_path / "P/services").mkdir(parents=True)
    (tmp_path / "P/package.yaml").write_text("name: P\nversion: 1.0.0\n")
    (tmp_path / "P/services/a.py").write_text(SOURCE)
    await asyncio.wait_for(arrived.wait(), 10)
    seen = len(published)
    await asyncio.sleep(0.1)
    task.cancel()
    assert len(published) == seen
    assert watcher.current is published[-1]


async def test_failing_scan_is_tried_again(tmp_path) -> None:
    class Failing(Loader):
        count = 0

        def load(self, disabled: frozenset[str] = frozenset()) -> Catalogue:
            self.count += 1
            if self.count < 3:
                raise OSError("the disk does not answer")
            return super().load(disabled)

    loader = Failing(tmp_path)
    published = asyncio.Event()
    watcher = Watcher(loader, lambda _: published.set(), interval=0.01)
    task = asyncio.create_task(watcher.run())
    await asyncio.wait_for(published.wait(), 10)
    task.cancel()
    assert loader.count >= 3


async def test_refreshes_at_the_same_time_load_one_after_the_other(tmp_path) -> None:
    watcher = Watcher(Loader(tmp_path), lambda _: None)
    first, second = await asyncio.gather(watcher.refresh(), watcher.refresh())
    assert first is second


async def test_what_another_process_disabled_is_followed_without_waiting_for_the_next_scan(tmp_path) -> None:
    disabled: set[str] = set()
    gone = asyncio.Event()

    async def ask() -> set[str]:
        return set(disabled)

    def publish(catalogue: Catalogue) -> None:
        service = catalogue.services.get("a:f")
        if service is not None and not service.enabled:
            gone.set()

    (tmp_path / "P/services").mkdir(parents=True)
    (tmp_path / "P/package.yaml").write_text("name: P\nversion: 1.0.0\n")
    (tmp_path / "P/services/a.py").write_text(SOURCE)
    watcher = Watcher(Loader(tmp_path), publish, disabled=ask, position=lambda: len(disabled), interval=3600)
    await watcher.refresh()
    task = asyncio.create_task(watcher.run())
    disabled.add("a:f")
    await asyncio.wait_for(gone.wait(), 10)
    task.cancel()
    assert watcher.current.services["a:f"].switched_off
