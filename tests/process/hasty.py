"""The gateway, as it would be with a supervisor that waits for signs of life for three seconds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from server import signs

if __name__ == "__main__":
    signs.PATIENCE = 3
    import proxy

    sys.exit(proxy.main(sys.argv[1:]))
