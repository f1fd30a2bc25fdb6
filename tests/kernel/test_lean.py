import subprocess
import sys

import pytest


@pytest.mark.parametrize("entry", ["gatewright.app.server", "gatewright.web.main"])
def test_a_server_starts_without_what_only_prettier_tracebacks_need(entry: str) -> None:
    program = f"import sys, {entry}; assert 'structlog' in sys.modules; assert 'rich' not in sys.modules; import rich"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
