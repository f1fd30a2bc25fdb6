"""The services that the benchmark calls."""

from gatewright.services import Caller
from gatewright.services import service


@service
async def hello(name: str, caller: Caller) -> dict[str, str]:
    """Say who asks."""
    return {"hello": name, "subject": caller.subject}


@service
def hello_in_thread(name: str, caller: Caller) -> dict[str, str]:
    """Say the same from the pool of threads."""
    return {"hello": name, "subject": caller.subject}


@service(inline=True)
def rate(country: str) -> dict[str, int]:
    """Look up a tax rate in percent."""
    return {"percent": {"SE": 25, "DE": 19, "CH": 8}[country]}


@service(inline=True)
def total(net: int, percent: int) -> dict[str, int]:
    """Add tax to an amount of cents."""
    return {"gross": net + net * percent // 100}


@service
async def order(country: str, prices: list[int]) -> dict[str, int]:
    """Do by hand what the flow `bench:order` does."""
    net = 0
    if not prices:
        return {"net": net}
    for price in prices:
        net += price
    percent = rate(country)["percent"]
    return {"net": net, "gross": total(net, percent)["gross"]}
