"""What the service manager of Windows starts: `python.exe -m cebd.cli.windows_service SERVICE SETTINGS`.

Nothing else is imported here: the manager waits for its answer (`cebd.service.windows.host`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cebd.service.windows.host import main

if TYPE_CHECKING:
    from cebd.service.windows.running import Logs


def _make_logs() -> Logs:
    from cebd.cli.frame.logs import log_to_file, set_up_logs
    from cebd.service.windows.event_log import to_event_log
    from cebd.service.windows.running import Logs

    return Logs(partial(set_up_logs, also=to_event_log), log_to_file)


if __name__ == "__main__":
    main(_make_logs)
