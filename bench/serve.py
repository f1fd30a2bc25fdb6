"""Start the server on a prepared workspace: `python -m bench.serve WORKSPACE PORT`."""

import sys
from pathlib import Path

from gatewright.app.server import serve
from gatewright.kernel.settings import ServerSettings

if __name__ == "__main__":
    serve(ServerSettings(port=int(sys.argv[2])), Path(sys.argv[1]))
